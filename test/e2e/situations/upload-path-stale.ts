import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** The path of the uploads is that of a host that the site left long ago: WordPress cannot take an upload. */
export const situation: Situation = {
  promise: 'a site that cannot take an upload is told of with the way around it',
  plant: async (source) => {
    await source.query(
      "REPLACE INTO wp_options (option_name, option_value, autoload) VALUES ('upload_path', '/home/olduser/public_html/wp-content/uploads', 'yes')",
    );
  },
  check: async ({ failure }) => {
    const { code, next_steps: steps } = failure();
    expect(code).toBe('PLUGIN_UPLOAD_FORBIDDEN');
    expect(steps.length).toBeGreaterThan(1);
  },
};
