import type { PlanUpload } from './schema.ts';

/** How a file of the uploads is called in a plan: by where it goes, below the folder of uploads. */
export const uploadId = (path: string): string => `upload:${path}`;

/** Where a file of the uploads goes, below the folder of uploads. */
export const uploadPath = ({ id }: Pick<PlanUpload, 'id'>): string => id.replace(/^upload:/, '');
