/** For those who read or tell of a pool over HTTP: nothing else of it is loaded with it. */
export { type PoolReport, poolReportSchema } from '../pool/report.ts';
