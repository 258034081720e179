import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** A membership plugin: the log-in lives at /my-login/, wp-login.php sends visitors there. */
export const situation: Situation = {
  promise: 'a log-in page that redirects as the source’s does lets in by form and by link',
  source: {
    muPlugins: {
      'acme.php': `<?php
      add_action('init', function () {
        if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) !== '/my-login/') return;
        if ($_SERVER['REQUEST_METHOD'] === 'POST') {
          $user = wp_signon();
          if (!is_wp_error($user)) { wp_safe_redirect(admin_url()); exit; }
        }
        header('Content-Type: text/html');
        echo '<!doctype html><html><head><title>Members</title></head><body><form name="loginform" method="post" action="' . home_url('/my-login/') . '"><input name="log"><input type="password" name="pwd"><input type="submit" value="Go"></form></body></html>';
        exit;
      });
      add_action('login_init', function () {
        if (($_REQUEST['action'] ?? 'login') === 'login' && $_SERVER['REQUEST_METHOD'] === 'GET') { wp_safe_redirect(home_url('/my-login/')); exit; }
      });`,
    },
  },
  check: async ({ clone, enter }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings, warnings }).toEqual({ verified: true, findings: [], warnings: [] });
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
