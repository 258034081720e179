import type { InstanceSite, VerifyResult } from '../types.ts';
import type { SiteInfo } from '../../site/info.ts';
import { whatLooksAtHost } from './host-bound.ts';
import { PHP_SAID } from './php-errors.ts';

const SIDE_BY_SIDE =
  " To find out why: open both pages side by side, and see `wpclone logs` for what PHP and the clone's web server say. A plugin that does it can be switched off in the clone, or left out with --exclude-path.";

/**
 * Adds what to do about the first page that differs, where PHP did not say why: the plugins that look at the host name, or else
 * how to find out.
 */
export async function withNextStep(result: VerifyResult, site: InstanceSite, info: SiteInfo): Promise<VerifyResult> {
  const unexplained = result.findings.find(
    ({ code, message }) =>
      (code === 'FRONT_PAGE_DIFFERS' || code === 'LOGIN_PAGE_DIFFERS') && !message.includes(PHP_SAID),
  );
  if (unexplained === undefined) return result;
  const next = (await whatLooksAtHost(site, info)) || SIDE_BY_SIDE;
  const findings = result.findings.map((finding) =>
    finding === unexplained ? { ...finding, message: finding.message + next } : finding,
  );
  return { ...result, findings };
}
