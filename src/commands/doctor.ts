import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { wpcloneHome } from '../cli/config/load.ts';
import { doctorText } from '../cli/presenters/doctor.ts';

export default class Doctor extends BaseCommand {
  static override summary = 'Check what this machine needs for local clones, and install it.';
  static override description =
    'Ends with exit code 1 when something that is needed is missing. --fix installs with apt when run as root on Debian or Ubuntu; elsewhere it prints the commands.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    'sudo <%= config.bin %> <%= command.id %> --fix',
    '<%= config.bin %> <%= command.id %> --for demo --json',
  ];
  static override flags = {
    fix: Flags.boolean({ default: false, summary: 'Install what is missing, or print the commands that do.' }),
    for: Flags.string({
      options: ['clone', 'demo'],
      default: 'clone',
      summary: 'What the machine is to be ready for.',
    }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Doctor);
    const report = await this.watched(flags, [], async ({ signal }) => {
      const [{ examine }, repair] = await Promise.all([
        import('../operations/doctor/checks.ts'),
        import('../operations/doctor/repair.ts'),
      ]);
      const machine = { home: wpcloneHome(process.env), environment: process.env, signal };
      const purpose = flags.for === 'demo' ? 'demo' : 'clone';
      let checks = await examine(machine, purpose);
      const missing = repair.missingParts(checks);
      if (flags.fix && missing.length > 0 && (await repair.canInstall())) {
        await repair.installParts(missing, signal);
        checks = await examine(machine, purpose);
      }
      return {
        ok: checks.every((check) => check.ok || !check.required),
        checks,
        fix: await repair.repairCommands(repair.missingParts(checks)),
      };
    });
    if (!report.ok) process.exitCode = 1;
    return this.present(report, (colors) => doctorText(report, colors));
  }
}
