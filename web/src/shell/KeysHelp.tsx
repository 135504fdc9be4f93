import { Window } from '../parts/Window'
import { Sure, surenessWords } from '../parts/marks'
import { t } from '../words/i18n'

/** What the keys do and what the marks mean. */
export function KeysHelp({ close }: { close: () => void }) {
  const mod = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl'
  const keys: [string[], string][] = [
    [[`${mod} K`], t('Search and commands')],
    [['/'], t('To the search box')],
    [['j', 'k'], t('Next, previous event; the arrows do the same')],
    [['o', 'Enter'], t('Open the event')],
    [['Tab'], t('From the row to the open event')],
    [['Esc'], t('Close the event, leave the search box')],
    [['Space'], t('Select the row')],
    [[`${mod} C`], t('Copy the selected rows as text')],
    [['f'], t('Show or hide the filters')],
    [['v'], t('The chart as a table')],
    [['l'], t('Follow new events')],
    [['r'], t('Ask again')],
    [['?'], t('This list')],
  ]
  return (
    <Window close={close} title={t('Keys and marks')} size="md">
      <h2>{t('Keys')}</h2>
      <dl className="keys">
        {keys.map(([names, words]) => (
          <div key={words}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <h2>{t('How sure something is')}</h2>
      <dl className="keys">
        {(['covered', 'claimed', 'estimated', 'derived'] as const).map((kind) => (
          <div key={kind}>
            <dt>
              <Sure kind={kind} />
            </dt>
            <dd>{surenessWords(kind)}</dd>
          </div>
        ))}
      </dl>
    </Window>
  )
}
