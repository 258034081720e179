import * as Flags from '@oclif/core/flags';
import { readTls } from '../../cli/agent-settings.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import { placeFlags } from '../../cli/flags.ts';
import { agentStartedText } from '../../cli/presenters/agent.ts';
import { parseKeepJobs } from '../../cli/ttl.ts';
import { toWpcloneError } from '../../shared/errors.ts';
import { packageVersion } from '../../shared/package-root.ts';

const KEEP_JOBS = '30d';

export default class Agent extends BaseCommand {
  static override summary = 'Run the agent: take requests over HTTP and from commands, and carry them out.';
  static override description =
    'Runs until it is stopped. SIGTERM or Ctrl-C lets running jobs end for a minute and gives back those that take longer: the next agent goes on with them. The second signal ends it at once. Commands in the same home use the agent by themselves. The token for HTTP is in agent.token in the home.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --runtime kubernetes --namespace wordpress-staging --jobs 8',
    '<%= config.bin %> <%= command.id %> --host 0.0.0.0 --host-name clones.example --tls-cert cert.pem --tls-key key.pem',
  ];
  static override flags = {
    ...placeFlags,
    host: Flags.string({ default: '127.0.0.1', helpValue: 'ADDRESS', summary: 'Address to listen on.' }),
    port: Flags.integer({ default: 8420, min: 0, max: 65_535, summary: 'Port to listen on; 0 takes any free one.' }),
    'host-name': Flags.string({
      multiple: true,
      helpValue: 'NAME',
      summary: 'Further name by which it is called, such as that of a proxy in front of it; may be repeated.',
    }),
    'metrics-port': Flags.integer({
      min: 1,
      max: 65_535,
      summary:
        'Further port that asks for no token: /metrics for Prometheus, /livez and /readyz. At the first port /metrics asks for one.',
    }),
    'otlp-endpoint': Flags.string({
      env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      helpValue: 'URL',
      summary:
        'Where traces are sent, over OTLP and HTTP, such as http://127.0.0.1:4318: a span for each attempt at a job, with one for each step.',
    }),
    jobs: Flags.integer({ default: 4, min: 0, max: 200, summary: 'Jobs at once; 0 takes jobs and carries none out.' }),
    'no-auth': Flags.boolean({
      default: false,
      summary: 'Ask for no token: every program and user of this machine may do everything. On loopback only.',
    }),
    'private-source': Flags.string({
      multiple: true,
      helpValue: 'NETWORK',
      summary:
        'Network besides the internet that sources may be in, such as 10.0.0.0/8; may be repeated. Any, while it can be called from this machine only.',
    }),
    'tls-cert': Flags.string({ helpValue: 'FILE', dependsOn: ['tls-key'], summary: 'Certificate chain, in PEM.' }),
    'tls-key': Flags.string({ helpValue: 'FILE', dependsOn: ['tls-cert'], summary: 'Its key, in PEM.' }),
    'keep-jobs': Flags.string({
      helpValue: '12h|30d|365d',
      summary: `How long jobs are remembered after their end, up to a year. [default: ${KEEP_JOBS}]`,
    }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Agent);
    const settings = {
      operations: this.operationSettings(flags),
      privateSources: flags['private-source'] ?? [],
      host: flags.host,
      port: flags.port,
      hostNames: flags['host-name'] ?? [],
      open: flags['no-auth'],
      tls: readTls(flags),
      metricsPort: flags['metrics-port'],
      traces: flags['otlp-endpoint'],
      concurrency: flags.jobs,
      rememberJobs: parseKeepJobs(flags['keep-jobs'] ?? this.settings()['keep-jobs'] ?? KEEP_JOBS) * 1000,
      version: await packageVersion(),
    };
    await this.watched(flags, [], async (context) => {
      const [{ runAgent }, { createAgentLog }] = await Promise.all([
        import('../../agent/daemon/run.ts'),
        import('../../agent/daemon/log.ts'),
      ]);
      const log = createAgentLog(process.stderr, flags.debug ? 'debug' : 'info');
      await runAgent(
        settings,
        { ...context, log },
        {
          monotonic: () => performance.now(),
          started: (agent) => {
            if (!flags.quiet) this.present(agent, (colors) => agentStartedText(agent, settings.open, colors));
            const { token_file: _path, ...rest } = agent;
            log.info('listening', { ...rest, auth: !settings.open });
          },
        },
      );
      // A fault, not a person, ended it: whoever watches over the process must see that, and start it again.
      const reason = toWpcloneError(context.signal.reason);
      if (context.signal.aborted && reason.code !== 'CANCELLED') throw reason;
    });
    return { stopped: true };
  }
}
