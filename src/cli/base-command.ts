import { Command } from '@oclif/core/command';
import type * as Interfaces from '@oclif/core/interfaces';
import type { WorkContext } from '../shared/context.ts';
import { reportOf, WpcloneError } from '../shared/errors.ts';
import { safeJson } from '../shared/format.ts';
import type { StepName } from '../shared/events.ts';
import { agentOfHome } from '../operations/remote/find.ts';
import type { Operations, RemoteOperations } from '../operations/types.ts';
import type { OperationSettings } from '../operations/settings.ts';
import { agentChoice, type AgentFlagValues, leaveOrCancel } from './agent.ts';
import { colorsFor, type Colors } from './colors.ts';
import { createWorkContext } from './context.ts';
import { loadSettings, wpcloneHome } from './config/load.ts';
import { keptOfSources } from './kept-sources.ts';
import type { Settings } from './config/schema.ts';
import { globalFlags } from './flags.ts';
import { watchInterrupts, type Interrupts } from './interrupts.ts';
import { withNearClone } from './near-clone.ts';
import { canAsk, takePasswordFromEnvironment } from './password.ts';
import { errorText } from './presenters/errors.ts';
import type { View } from './presenters/view.ts';
import { chooseView } from './presenters/choose.ts';
import { tidy } from './tidy.ts';
import { toReportedError } from './usage-errors.ts';

/** What a command does with its flags besides its own work; each is optional so that any set of flags fits. */
export interface CommonFlags extends AgentFlagValues {
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

/**
 * Parses, calls one operation, hands the result to a presenter: that is a command. This class gives it signals, settings, a
 * view and operations, and renders errors. stdout carries the result only.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = globalFlags;
  static override flags: Interfaces.FlagInput = {};

  private interrupts: Interrupts | undefined;
  private view: View | undefined;
  private agentToken: string | undefined;
  /** Whether there is work in steps, which a cancelled command takes back. */
  private undoes = false;
  /** Whether an agent does the work, and somebody can be asked what becomes of it. */
  private asksFirst = false;
  /** Whether what an agent does for this command may go on without it. */
  protected readonly mayLeaveJobs: boolean = true;
  /** Whether it only shows what an agent does anyway: then Ctrl-C cancels nothing, which JOB_LEFT says. */
  protected readonly onlyLooks: boolean = false;

  protected override async init(): Promise<void> {
    this.agentToken = takePasswordFromEnvironment(process.env, 'WPCLONE_AGENT_TOKEN');
    await super.init();
    this.interrupts = watchInterrupts(() => {
      if (!this.asksFirst) this.tellOfUndoing();
    });
  }

  private tellOfUndoing(): void {
    if (!this.undoes || this.argv.includes('--quiet')) return;
    const text = 'Cancelling and undoing; once more to leave at once.';
    process.stderr.write(`\n${this.colors(process.stderr).yellow(text)}\n`);
  }

  /** As `operate`, for work with clones: what others left is cleared away before it. */
  protected async operateTidily<T>(
    flags: CommonFlags,
    steps: readonly StepName[],
    work: (operations: Operations, context: WorkContext, view: View) => Promise<T>,
  ): Promise<T> {
    return this.operate(flags, steps, async (operations, context, view) => {
      await tidy(operations, context);
      return work(operations, context, view);
    });
  }

  /** Runs `work` with operations, an agent's or on the runtime that flags and settings name, watched by a view of `steps`. */
  protected async operate<T>(
    flags: CommonFlags,
    steps: readonly StepName[],
    work: (operations: Operations, context: WorkContext, view: View) => Promise<T>,
  ): Promise<T> {
    const settings = this.operationSettings(flags);
    return this.watched(flags, steps, async (context, view) => {
      const operations = (await this.openRemote(flags, context, view)) ?? (await openDirect(settings));
      try {
        return await work(operations, context, view);
      } catch (error) {
        throw await withNearClone(error, operations, context);
      } finally {
        await operations.close();
      }
    });
  }

  /** As `operate`, for what only an agent can do. Throws NO_AGENT, BAD_INPUT with --direct. */
  protected async operateThroughAgent<T>(
    flags: CommonFlags,
    steps: readonly StepName[],
    work: (operations: RemoteOperations, context: WorkContext, view: View) => Promise<T>,
  ): Promise<T> {
    if (flags.direct === true) {
      throw new WpcloneError('BAD_INPUT', 'This takes an agent, and --direct goes around it: leave --direct out.');
    }
    return this.watched(flags, steps, async (context, view) => {
      const operations = await this.openRemote(flags, context, view);
      if (operations === undefined) {
        throw new WpcloneError('NO_AGENT', 'This takes an agent, and none was named nor runs in your home.');
      }
      try {
        return await work(operations, context, view);
      } finally {
        await operations.close();
      }
    });
  }

  /** The agent that flags or settings name; `choose` throws BAD_INPUT for a token file that cannot be read. */
  protected namedAgent(flags: AgentFlagValues) {
    const url = flags.agent ?? this.settings().agent;
    const choose = () => agentChoice(flags, this.settings(), this.agentToken);
    return url === undefined || flags.direct === true ? undefined : { url, choose };
  }

  /** Undefined when no agent was named and none runs in the home, or with --direct. */
  private async openRemote(
    flags: CommonFlags,
    context: WorkContext,
    view: View,
  ): Promise<RemoteOperations | undefined> {
    const choice = agentChoice(flags, this.settings(), this.agentToken);
    if (choice === undefined) return undefined;
    const settings = this.operationSettings(flags);
    if (choice.url === undefined && agentOfHome(settings.home) === undefined) return undefined;
    const { openRemoteOperations } = await import('../operations/remote/open.ts');
    const interrupted = async (job: string): Promise<'leave' | 'cancel'> => {
      const answer = this.mayLeaveJobs ? await leaveOrCancel(job, view) : 'cancel';
      if (answer === 'cancel' && this.asksFirst) this.tellOfUndoing();
      return answer;
    };
    const operations = await openRemoteOperations({ ...choice, settings, interrupted }, context);
    this.asksFirst = operations !== undefined && this.mayLeaveJobs && canAsk();
    return operations;
  }

  /** As `operate`, for work that goes around the operations (`cluster init`, `doctor`, `demo`). */
  protected async watched<T>(
    flags: CommonFlags,
    steps: readonly StepName[],
    work: (context: WorkContext, view: View) => Promise<T>,
  ): Promise<T> {
    const view = await chooseView({
      steps,
      events: this.eventsEnabled(),
      json: this.jsonEnabled(),
      quiet: flags.quiet === true,
      debug: flags.debug === true,
      colors: this.colors(process.stderr),
    });
    this.view = view;
    this.undoes = steps.length > 0 && !this.onlyLooks;
    const signal = this.interrupts?.signal ?? new AbortController().signal;
    try {
      return await work(createWorkContext({ signal, emit: view.emit, debug: flags.debug === true }), view);
    } finally {
      await view.close();
    }
  }

  /** From now on signals are not ours: the work is not cancelled by them. */
  protected handSignalsTo(receiver: (signal: NodeJS.Signals) => void): void {
    this.interrupts?.handTo(receiver);
  }

  /** For what goes on until Ctrl-C: its end is no failure, but the exit code still tells of the signal. */
  protected endedBySignal(): void {
    process.exitCode = this.interrupts?.exitCode();
  }

  /** Environment, project file and user file; flags come before them. */
  protected settings(): Settings {
    return loadSettings({ environment: process.env, workingFolder: process.cwd() });
  }

  protected operationSettings(flags: CommonFlags): OperationSettings {
    const settings = this.settings();
    const runtime = flags.runtime ?? settings.runtime ?? 'local';
    return {
      home: wpcloneHome(process.env),
      environment: process.env,
      ...keptOfSources(settings),
      ...(settings.pool === undefined ? {} : { pool: settings.pool }),
      runtime: runtime === 'kubernetes' ? 'kubernetes' : 'local',
      kubernetes: {
        ...settings.kubernetes,
        ...(flags.context === undefined ? {} : { context: flags.context }),
        ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
      },
    };
  }

  protected colors(stream: NodeJS.WriteStream): Colors {
    return colorsFor(stream, this.argv);
  }

  /** Prints `text` unless JSON was asked for; returns `result`, which oclif then prints. */
  protected present<T extends object>(result: T, text: (colors: Colors) => string): T {
    if (!this.jsonEnabled()) {
      const content = text(this.colors(process.stdout));
      if (content !== '') process.stdout.write(content.endsWith('\n') ? content : `${content}\n`);
    }
    return result;
  }

  /** Prints what a person should see before the result, unless JSON was asked for. */
  protected tell(text: (colors: Colors) => string): void {
    if (!this.jsonEnabled()) process.stdout.write(`${text(this.colors(process.stdout)).trimEnd()}\n`);
  }

  private eventsEnabled(): boolean {
    return this.ctor.flags['events'] !== undefined && this.argv.includes('--events');
  }

  override jsonEnabled(): boolean {
    return this.eventsEnabled() || super.jsonEnabled();
  }

  protected override logJson(json: unknown): void {
    process.stdout.write(`${safeJson(json, this.eventsEnabled() ? undefined : 2)}\n`);
  }

  /** The last line of `--events` says what it is, as the ones before it do. */
  protected override toSuccessJson(result: unknown): unknown {
    return this.eventsEnabled() && typeof result === 'object' ? { type: 'result', ...result } : result;
  }

  protected override async catch(error: Error): Promise<void> {
    await this.view?.close();
    const reported = toReportedError(error, this.argv);
    const interrupted = reported.code === 'CANCELLED' ? this.interrupts?.exitCode() : undefined;
    process.exitCode = interrupted ?? this.exitCodeOf(reported);
    const debug = this.argv.includes('--debug');
    if (this.jsonEnabled()) {
      this.logJson({ ...(this.eventsEnabled() ? { type: 'error' } : {}), error: reportOf(reported) });
    }
    if (!this.jsonEnabled() || debug) {
      process.stderr.write(errorText(reported, this.colors(process.stderr), debug));
    }
  }

  protected exitCodeOf(error: WpcloneError): number {
    return error.exitCode;
  }

  protected override async finally(): Promise<void> {
    this.interrupts?.release();
  }
}

async function openDirect(settings: OperationSettings): Promise<Operations> {
  const { createDirectOperations } = await import('../operations/direct.ts');
  return createDirectOperations(settings);
}
