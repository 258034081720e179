import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** An agency renamed the role of administrators; the one that WordPress knows is gone. */
export const situation: Situation = {
  promise: 'the clone’s administrator has the rights of the source’s, whatever their role is called',
  plant: async (source) => {
    await source.php(`
      $roles = get_option($GLOBALS['wpdb']->prefix . 'user_roles');
      $roles['acme_chief'] = array('name' => 'Chief', 'capabilities' => $roles['administrator']['capabilities']);
      unset($roles['administrator']);
      update_option($GLOBALS['wpdb']->prefix . 'user_roles', $roles);
      update_user_meta(get_user_by('login', '${source.adminUser}')->ID, $GLOBALS['wpdb']->prefix . 'capabilities', array('acme_chief' => true));
    `);
  },
  check: async ({ clone, enter }) => {
    expect(clone()).toMatchObject({ verified: true, findings: [], warnings: [] });
    const page = await enter();
    expect(page.body).toContain('options-general.php');
    expect(page.body).toMatch(/Howdy, .*wpclone-/);
  },
};
