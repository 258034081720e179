/**
 * Which files of the uploads may go to a live site. The site refuses all others by itself: the migrator's write/upload-paths.php has the
 * same rules, and a test compares them.
 */

/** What some web server runs, also where another ending follows. */
export const RUNNABLE_FILE =
  /\.(php\d*|phps|phpt|phtml|phtm|phar|pht|hphp|inc|cgi|fcgi|pl|pm|py|rb|lua|sh|bash|shtml|shtm|stm|asp|aspx|ashx|asmx|asa|asax|cer|cdx|jsp|jspx|jspf|cfm|cfc)(\.|$)/i;

/** What is hidden, tells a server what to do, holds settings, or is read otherwise by another file system. */
export const UNSAFE_NAME = /^$|^\.|[\x00-\x1f\x7f\\:]|[. ]$|^web\.config$|^php\.ini$|wp-config|^wpclone-migrator$/i; // oxlint-disable-line no-control-regex

const LONGEST_UPLOAD_PATH = 700;

/** Whether a path below the uploads may be written. */
export const isSafeUpload = (path: string): boolean =>
  Buffer.byteLength(path) <= LONGEST_UPLOAD_PATH &&
  path.split('/').every((name) => !UNSAFE_NAME.test(name) && !RUNNABLE_FILE.test(name));
