import type { Page } from '../visit/page.ts';

/** What the front page tells before anybody has logged in. */
export interface Site {
  /** The home URL, without a trailing slash. */
  readonly home: URL;
  /** Where the core is: wp-login.php and wp-admin lie below it. */
  readonly core: URL;
  readonly front: Page;
}
