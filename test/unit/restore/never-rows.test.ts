import { describe, expect, it } from 'vitest';
import { PROTECTIONS } from '../../../src/restore/merge/never.ts';
import { merge } from '../../../src/restore/merge/merge.ts';
import { briefly, option, outcomes, policy, threeWays, written, type Site } from '../../support/three-ways.ts';

/** Settings of these names, all of which say that. */
const saying = (names: readonly string[], value: string): Site => ({
  options: names.map((name, at) => option(name, value, String(at))),
});

const held = (names: readonly string[], protection: string) =>
  Object.fromEntries(names.map((name) => [`option:${name}`, { code: 'PROTECTED', class: protection }]));

/** What becomes of settings of one value that the clone gives another. */
const changed = (names: readonly string[], before = 'a', after = 'b', include: readonly string[] = []) =>
  briefly(
    outcomes(saying(names, before), saying(names, before), saying(names, after), {
      include: new Set(PROTECTIONS.filter((each) => include.includes(each))),
    }),
  );

it('what is no row never travels (active plugins), or only when it is asked for (themes, versions that code gave its tables)', () => {
  const says = (value: string): Site => ({
    options: ['active_plugins', 'stylesheet', 'template', 'db_version', 'woocommerce_db_version'].map((name, at) =>
      option(name, value, String(at)),
    ),
  });
  const kept = (protection: string) => ({ code: 'PROTECTED', class: protection });
  const items = outcomes(says('a'), says('a'), says('b'));
  expect(briefly(items)).toEqual({
    'option:active_plugins': kept('own'),
    'option:stylesheet': kept('plugins'),
    'option:template': kept('plugins'),
    'option:db_version': kept('machine'),
    'option:woocommerce_db_version': kept('machine'),
  });
  const asked = outcomes(says('a'), says('a'), says('b'), { include: new Set(['plugins', 'machine']) });
  expect(briefly(asked)).toMatchObject({ 'option:active_plugins': kept('own'), 'option:stylesheet': 'changed' });
  expect(written(asked, 'options').map(({ option_name: name }) => name)).not.toContain('active_plugins');
});

describe('settings of ways of paying', () => {
  const named = [
    'woocommerce_stripe_settings', 'woocommerce_stripe_alipay_settings', 'woocommerce_ppcp-gateway_settings', 'woocommerce-ppcp-settings',
    'woocommerce-ppcp-data-common', 'woocommerce_razorpay_settings', 'woocommerce_paystack_settings', 'woocommerce_eway_settings',
    'woocommerce_authorize_net_cim_credit_card_settings', 'woocommerce_square_credit_card_settings', 'wc_square_settings',
    'woocommerce_klarna_payments_settings', 'woocommerce_woocommerce_payments_settings', 'wcpay_account_data',
    'mollie-payments-for-woocommerce_test_mode_enabled', 'mollie_wc_gateway_ideal_settings', 'edd_settings',
  ]; // prettier-ignore

  it('never travel by the names that are known, unless secrets are asked for', () => {
    expect(changed(named)).toEqual(held(named, 'secrets'));
    expect(new Set(Object.values(changed(named, 'a', 'b', ['secrets'])))).toEqual(new Set(['changed']));
  });

  it('never travel under any other name where they hold a key or say whether money is real, on either side', () => {
    const plain = 'a:1:{s:7:"enabled";s:3:"yes";}';
    const keys = ['testmode', 'sandbox_mode', 'client_secret', 'private_key', 'apiKey', 'webhook_url'];
    for (const key of keys) {
      const telling = `a:2:{s:7:"enabled";s:2:"no";s:${key.length}:"${key}";s:1:"x";}`;
      const name = 'woocommerce_some_bank_settings';
      expect([key, changed([name], plain, telling)]).toEqual([key, held([name], 'secrets')]);
      expect([key, changed([name], telling, plain)]).toEqual([key, held([name], 'secrets')]);
    }
  });

  it('are no mails, deliveries and payments in cash, which travel whatever their texts say', () => {
    const names = ['woocommerce_new_order_settings', 'woocommerce_flat_rate_1_settings', 'woocommerce_cod_settings'];
    const says = (text: string): string => `a:1:{s:7:"heading";s:${text.length}:"${text}";}`;
    const all = changed(names, says('a'), says('the secret api_key'));
    expect(new Set(Object.values(all))).toEqual(new Set(['changed']));
  });
});

describe('what belongs to the place: search engines and mail', () => {
  const names = [
    'blog_public', 'mailserver_url', 'mailserver_login', 'wp_mail_smtp', 'wp_mail_smtp_activation_prevent_redirect', 'swpsmtp_options',
    'easy_wp_smtp', 'postman_options', 'fluentmail-settings', 'wp_ses_options',
  ]; // prettier-ignore
  const other = (include: readonly 'address'[], ...sides: readonly Site[]) => {
    const [live = {}, clone = {}] = sides;
    const tables = threeWays({}, live, clone).map((table) => ({ ...table, twoSided: true as const }));
    return briefly(merge(tables, policy({ take: 'clone', include: new Set(include) })).items);
  };

  it('never goes to another site than the one that was cloned, is told of, and goes when it is asked for', () => {
    const everywhere = [...names, 'blogname'];
    const [live, clone] = [saying(everywhere, 'a'), saying(everywhere, 'b')];
    expect(other([], live, clone)).toEqual({ ...held(names, 'address'), 'option:blogname': 'changed' });
    expect(other([], {}, clone)).toMatchObject(held(names, 'address'));
    expect(new Set(Object.values(other(['address'], live, clone)))).toEqual(new Set(['changed']));
  });

  it('goes back to the site that was cloned, where somebody changed it for that site', () => {
    expect(new Set(Object.values(changed(names)))).toEqual(new Set(['changed']));
    expect(changed(['mailserver_pass'])).toEqual(held(['mailserver_pass'], 'secrets'));
  });
});
