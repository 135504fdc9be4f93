import { ActionIcon, Tabs, Tooltip } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, Suspense, lazy, useState } from 'react'
import type { RecordedEvent } from '../api/client'
import { eventText, fetchProof } from '../api/events'
import { saveBlob } from '../events/exports'
import { Copy } from '../parts/Copy'
import { Failure } from '../parts/Failure'
import { Go } from '../parts/Go'
import { LongText, useFold } from '../parts/LongText'
import { Time } from '../parts/Time'
import { useTry } from '../parts/useTry'
import { Category, Outcome, Severity, Sure, type Sureness } from '../parts/marks'
import { indented, parseJson } from '../proof/json'
import { toggled } from '../query/terms'
import { useNow, useZone } from '../session/session'
import { ENTRY_PARTS, type EntryPart, urls } from '../urls'
import { type Change, activityWord, actorName, changeName, deviceText, enrichmentOf, namesType, outcomeOf, placeText, riskReasonWord, sentence, shortened, targetName, typeWord, unchanged, valueText } from '../words/event'
import { t } from '../words/i18n'
import { bytes, duration, number } from '../words/time'
import { RelatedEvents } from './RelatedEvents'
import { RecordHistory } from './RecordHistory'

const ProofCheck = lazy(() => import('./ProofCheck'))

interface Props {
  tenant: string
  event: RecordedEvent
  part: EntryPart
  show: (part: EntryPart) => void
  /** Present beside a list: values are then added to its search. */
  filter?: { add: (field: string, value: string) => void; exclude: (field: string, value: string) => void }
}

/** Everything about one event. */
export function EntryView({ tenant, event, part, show, filter }: Props) {
  const zone = useZone()
  const words: Record<EntryPart, string> = { summary: t('Summary'), related: t('Related'), history: t('History'), proof: t('Proof'), json: t('JSON') }
  const target = event.targets?.[0]
  const record = target?.type && target.id ? { type: target.type, id: target.id } : undefined
  const parts = ENTRY_PARTS.filter((one) => one !== 'history' || record)
  // What was checked, and a key or checkpoint that was pasted, stay as long as the entry is open.
  const [proving, setProving] = useState<string>()
  if (part === 'proof' && proving !== event.display_id) setProving(event.display_id)
  return (
    <div className="entry">
      <h2 className="entry-sentence">
        <bdi>{sentence(event, zone)}</bdi>
      </h2>
      <Tabs value={parts.includes(part) ? part : 'summary'} onChange={(next) => show((next ?? 'summary') as EntryPart)} keepMounted={false}>
        <Tabs.List aria-label={t('Parts of the event')}>
          {parts.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {words[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="summary">
          <Summary tenant={tenant} event={event} filter={filter} />
        </Tabs.Panel>
        <Tabs.Panel value="related">
          <RelatedEvents tenant={tenant} event={event} />
        </Tabs.Panel>
        {record && (
          <Tabs.Panel value="history">
            <RecordHistory tenant={tenant} {...record} here={event} key={event.display_id} />
          </Tabs.Panel>
        )}
        <Tabs.Panel value="proof" keepMounted={proving === event.display_id}>
          <Suspense fallback={<p className="muted">{t('Loading …')}</p>}>
            <ProofCheck tenant={tenant} id={event.display_id} key={event.display_id} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="json">
          <AsJson tenant={tenant} id={event.display_id} />
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}

function Summary({ tenant, event, filter }: Pick<Props, 'tenant' | 'event' | 'filter'>) {
  const now = useNow()
  const outcome = outcomeOf(event)
  const actor = event.actor
  const ip = event.client?.ip
  const place = placeText(event)
  const device = deviceText(event)
  const { geo, network, risk } = enrichmentOf(event)
  const late = lateness(event)
  const text = (value: string, mono = false) => <LongText text={value} mono={mono} />
  const linked = { tenant, filter, own: listedWith(event) }
  return (
    <>
      {event.erasure && event.erasure.withheld > 0 && (
        <p className="notice">
          {t('{{count}} fields erased', { count: event.erasure.withheld })}. {t('What is left is still covered by the proof.')}
        </p>
      )}
      {event.changes && event.changes.length > 0 && <Changes changes={event.changes} key={event.display_id} />}
      <Section title={t('What')}>
        <Line name={t('Action')} sure="claimed" field="action" value={event.action} {...linked}>
          {event.action && text(event.action, true)}
        </Line>
        <Line name={t('Action type')} field="activity" value={event.activity} {...linked}>
          {event.activity && <bdi>{activityWord(event.activity)}</bdi>}
        </Line>
        <Line name={t('Category')} field="category" value={event.category} {...linked}>
          <Category name={event.category} />
        </Line>
        <Line name={t('Outcome')} sure="claimed" field="outcome" value={outcome?.result} {...linked}>
          <Outcome result={outcome?.result} />
          {outcome?.code && <bdi className="mono"> {outcome.code}</bdi>}
          {outcome?.reason && (
            <>
              {' '}
              <LongText text={outcome.reason} />
            </>
          )}
        </Line>
        <Line name={t('Severity')} field="severity" value={event.severity} {...linked}>
          <Severity level={event.severity} />
        </Line>
        {(event.targets ?? []).map((target, index) => (
          <Line key={index} name={index === 0 ? t('Entity') : t('Also')} sure="claimed" field={target.id ? 'target.id' : 'target.type'} value={target.id ?? target.type} {...linked}>
            {target.type && !namesType(target) && <bdi className="muted">{typeWord(target.type)} </bdi>}
            {target.type && target.id ? (
              <Go to={urls.history(tenant, target.type, target.id)}>
                <bdi>{targetName(target)}</bdi>
              </Go>
            ) : (
              <bdi>{targetName(target)}</bdi>
            )}{' '}
            {target.id && target.name && (target.name.includes(target.id) ? <Copy text={target.id} label={t('Copy the id')} /> : <Id text={target.id} />)}
          </Line>
        ))}
        {event.message && <Line name={t('Message')}>{text(event.message)}</Line>}
        {event.counts?.records != null && <Line name={t('Records')}>{number(event.counts.records)}</Line>}
        {event.counts?.bytes != null && <Line name={t('Amount of data')}>{bytes(event.counts.bytes)}</Line>}
        {event.duration_ms != null && <Line name={t('Duration')}>{duration(event.duration_ms)}</Line>}
        {risk?.level && (
          <Line name={t('Risk')} sure="derived">
            <Severity level={risk.level} />
            {risk.reasons?.map((reason) => (
              <span key={reason} className="reason">
                <bdi title={reason}>{riskReasonWord(reason)}</bdi>
              </span>
            ))}
          </Line>
        )}
      </Section>
      <Section title={t('Who')}>
        <Line name={t('User')} sure="claimed" field={actor?.id ? 'actor.id' : 'actor.type'} value={actor?.id ?? actor?.type} {...linked}>
          <bdi>{actorName(actor)}</bdi> {actor?.type === 'system' && actor.name && <bdi className="muted">{actor.name}</bdi>}
        </Line>
        {actor?.email && (
          <Line name={t('E-mail address')} field="actor.email" value={actor.email} {...linked}>
            {text(actor.email)}
          </Line>
        )}
        {actor?.id && (
          <Line name={t('Id')} field="actor.id" value={actor.id} {...linked}>
            <Id text={actor.id} />
          </Line>
        )}
        {Boolean(actor?.roles?.length) && <Line name={t('Roles then')}>{text(actor!.roles!.join(', '))}</Line>}
        {Boolean(actor?.groups?.length) && <Line name={t('Groups then')}>{text(actor!.groups!.join(', '))}</Line>}
        {event.on_behalf_of && (
          <Line name={t('On behalf of')} field="on_behalf_of.id" value={event.on_behalf_of.id} {...linked}>
            <bdi>{actorName(event.on_behalf_of)}</bdi>
          </Line>
        )}
        <Line name={t('Sent by')} sure="covered" field="key" value={event.ingest?.key_id} {...linked}>
          {event.ingest?.key_id ? <Id text={event.ingest.key_id} /> : event.kind === 0 ? undefined : t('Annals itself')}
          {event.ingest?.import && <bdi> {t('import {{name}}', { name: event.ingest.import })}</bdi>}
        </Line>
      </Section>
      <Section title={t('Where from')}>
        <Line name={t('IP address')} field="ip" value={ip} {...linked}>
          {ip && <bdi className="mono">{ip}</bdi>}
        </Line>
        <Line name={t('Location')} sure={place || network === 'private' ? 'estimated' : undefined}>
          {place ? (
            <>
              <bdi>{place}</bdi> <span className="muted">{t('(estimated)')}</span>
              {geo?.database && <bdi className="reason muted small">{t('by {{database}}', { database: geo.database })}</bdi>}
            </>
          ) : network === 'private' ? (
            t('Private network')
          ) : undefined}
        </Line>
        {geo?.network && (
          <Line name={t('Network')} sure="estimated">
            <bdi>{geo.network}</bdi>
          </Line>
        )}
        <Line name={t('Device')} sure={device ? 'estimated' : undefined}>
          {device ? <bdi>{device}</bdi> : undefined}
        </Line>
        {event.client?.user_agent && <Line name={t('User agent')}>{text(event.client.user_agent, true)}</Line>}
        {event.source && (
          <Line name={t('Application')} field="app" value={event.source.app} {...linked}>
            {text([event.source.app, event.source.component, event.source.version, event.source.environment].filter(Boolean).join(' · '))}
          </Line>
        )}
      </Section>
      <Section title={t('When')}>
        <Line name={t('Happened')} sure="claimed">
          <Time value={event.occurred_at} now={now} as="column" />
          {late && <span className="warning"> {late}</span>}
        </Line>
        <Line name={t('Received')} sure="covered">
          <Time value={event.received_at} now={now} as="column" />
        </Line>
      </Section>
      <Section title={t('Ids')}>
        <Line name={t('Event')}>
          <span className="mono">{event.display_id}</span> <Copy text={event.display_id} label={t('Copy the id')} />
        </Line>
        <Line name={t('Place in the ledger')}>
          <span className="mono">{number(event.sequence)}</span>
        </Line>
        {(
          [
            [t('Sender’s id'), 'id', event.id],
            [t('Session'), 'session', event.session_id],
            [t('Request'), 'request', event.request_id],
            [t('Correlation'), 'correlation', event.correlation_id],
            [t('Parent'), 'parent', event.parent_id],
            [t('Trace'), 'trace', event.trace_id],
          ] as const
        ).map(([name, field, value]) =>
          value ? (
            <Line key={field} name={name} field={field} value={value} {...linked}>
              <Id text={value} />
            </Line>
          ) : null,
        )}
        {Boolean(event.labels?.length) && <Line name={t('Labels')}>{text(event.labels!.join(', '))}</Line>}
      </Section>
      {event.metadata && Object.keys(event.metadata).length > 0 && (
        <FurtherData metadata={event.metadata} key={event.display_id} />
      )}
      {event.enrichment && (
        <p className="muted small">
          <Sure kind="estimated" /> {t('Location, device, network and risk were estimated on arrival and are not covered by the proof.')}
        </p>
      )}
    </>
  )
}

/** Old and new values by their type. */
export function Changes({ changes }: { changes: Change[] }) {
  const zone = useZone()
  const [shown, more] = useFold(changes, 20)
  return (
    <section className="entry-section">
      <h3>{t('Changes made')}</h3>
      <table className="plain changes">
        <thead>
          <tr>
            <th scope="col">{t('Field')}</th>
            <th scope="col">{t('Previous value')}</th>
            <th scope="col">{t('New value')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((change, place) => (
            <tr key={place}>
              <th scope="row" title={change.path ?? undefined}>
                <bdi>{changeName(change)}</bdi>
              </th>
              {unchanged(change) ? (
                <>
                  <td>
                    <LongText text={valueText(change.old, change.type, zone)} />
                  </td>
                  <td className="muted">{t('(no change)')}</td>
                </>
              ) : (
                <>
                  <td className="old">
                    {change.old === undefined || change.old === null ? (
                      <span className="muted">{change.old === null ? t('none') : t('not recorded')}</span>
                    ) : (
                      <del>
                        <LongText text={valueText(change.old, change.type, zone)} />
                      </del>
                    )}
                  </td>
                  <td className="new">
                    <LongText text={valueText(change.new, change.type, zone)} />
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </section>
  )
}

/** What the application sent beyond the fields Annals knows. */
function FurtherData({ metadata }: { metadata: Record<string, unknown> }) {
  const [shown, more] = useFold(Object.entries(metadata), 40)
  return (
    <Section title={t('Further data')}>
      {shown.map(([name, value]) => (
        <Line key={name} name={name} raw>
          <LongText text={typeof value === 'string' ? value : JSON.stringify(value, null, 1)} mono={typeof value !== 'string'} />
        </Line>
      ))}
      {more}
    </Section>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="entry-section">
      <h3>{title}</h3>
      <dl className="lines">{children}</dl>
    </section>
  )
}

/** What a list must be asked with to hold the event: those of Annals are left out at first. */
export function listedWith(event: RecordedEvent): 'include' | undefined {
  return event.kind === 0 ? undefined : 'include'
}

interface LineProps {
  name: string
  children?: ReactNode
  sure?: Sureness
  field?: string
  value?: string | null
  tenant?: string
  filter?: Props['filter']
  own?: 'include'
  /** The name is the application's own. */
  raw?: boolean
}

function Line({ name, children, sure, field, value, tenant, filter, own, raw }: LineProps) {
  const find = field && value ? { field, value } : undefined
  const missing = children === undefined || children === null || children === '' || children === false
  return (
    <div className="line">
      <dt>
        {raw ? <bdi className="mono">{name}</bdi> : name} {sure && <Sure kind={sure} />}
      </dt>
      <dd>
        {missing ? <span className="muted">{t('not recorded')}</span> : children}
        {find && tenant && (
          <span className="line-tools">
            {filter ? (
              <>
                <button type="button" title={t('Only these')} aria-label={t('Only events with {{value}}', { value: find.value })} onClick={() => filter.add(find.field, find.value)}>
                  +
                </button>
                <button type="button" title={t('Exclude')} aria-label={t('Exclude events with {{value}}', { value: find.value })} onClick={() => filter.exclude(find.field, find.value)}>
                  −
                </button>
              </>
            ) : (
              <Go to={urls.events(tenant, { q: toggled('', find.field, find.value), range: 'all', own })} className="find" aria-label={t('All events with {{value}}', { value: find.value })} title={t('All events with this')}>
                {t('all')}
              </Go>
            )}
          </span>
        )}
      </dd>
    </div>
  )
}

function Id({ text }: { text: string }) {
  return (
    <>
      <bdi className="mono" title={text}>
        {shortened(text, 26)}
      </bdi>{' '}
      <Copy text={text} label={t('Copy all of it')} />
    </>
  )
}

const AHEAD_MS = 5 * 60_000
const LATE_MS = 3_600_000

/** A time of occurrence that does not fit the time of receipt; imports are late by nature. */
function lateness(event: RecordedEvent): string | undefined {
  if (!event.occurred_at || event.ingest?.import) return undefined
  const behind = Date.parse(event.received_at) - Date.parse(event.occurred_at)
  if (behind < -AHEAD_MS) return t('ahead of its receipt by {{time}}', { time: duration(-behind) })
  if (behind > LATE_MS) return t('received {{time}} later', { time: duration(behind) })
  return undefined
}

function AsJson({ tenant, id }: { tenant: string; id: string }) {
  const { data, error, refetch } = useQuery({ queryKey: [tenant, 'event text', id], queryFn: async ({ signal }) => indented(parseJson(await eventText(tenant, id, signal))), staleTime: 60_000 })
  if (error) return <Failure error={error} retry={() => void refetch()} />
  return (
    <div className="json">
      {data && <Copy text={data} label={t('Copy the JSON')} />}
      <pre className="mono" tabIndex={0} aria-label={t('The event as JSON')}>
        <bdi>{data ?? t('Loading …')}</bdi>
      </pre>
    </div>
  )
}

/** Saves the event with its proof: what somebody else needs to check it. */
export function ExportWithProof({ tenant, id }: { tenant: string; id: string }) {
  const { busy, error, run } = useTry()
  const save = () => void run(async () => saveBlob(new Blob([await fetchProof(tenant, id, 'document')], { type: 'application/json' }), `${id}.proof.json`))
  return (
    <>
      {error && (
        <span className="wrong small" role="alert">
          {t('Not exported: {{why}}', { why: error.message })}
        </span>
      )}
      <Tooltip label={t('Export the event with its proof')}>
        <ActionIcon color="gray" aria-label={t('Export the event with its proof')} onClick={save} loading={busy}>
          <IconDownload size={16} />
        </ActionIcon>
      </Tooltip>
    </>
  )
}
