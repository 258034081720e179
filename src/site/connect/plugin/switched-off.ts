import { WpcloneError } from '../../../shared/errors.ts';
import { PLUGIN_FOLDER } from './zip.ts';

/** Security plugins, and what hosts put before all plugins, may let run only what they know. */
export const switchedOff = (): WpcloneError =>
  new WpcloneError(
    'PLUGIN_INSTALL_FAILED',
    'The plugin was installed and activated, but the site does not let it run: something there switches off plugins that it does not know.',
    { details: { plugin: PLUGIN_FOLDER } },
  );
