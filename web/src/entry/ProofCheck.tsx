import { Button, Group, TextInput, Textarea } from '@mantine/core'
import { IconAlertTriangle, IconCheck, IconShieldCheck, IconShieldX, IconX } from '@tabler/icons-react'
import { useState } from 'react'
import { clock } from '../api/clock'
import { fetchConsistency, fetchProof } from '../api/events'
import { Copy } from '../parts/Copy'
import { Failure } from '../parts/Failure'
import { saveBlob } from '../events/exports'
import { isObject, parseJson } from '../proof/json'
import { type VerifierKey, openCheckpoint, parseVerifierKey } from '../proof/note'
import { type Verdict, holdToCheckpoint, verifyProof } from '../proof/verify'
import { useZone } from '../session/session'
import { t } from '../words/i18n'
import { dateTime, number } from '../words/time'
import { pinKey, pinnedKey } from './pin'

interface Checked {
  verdict: Verdict
  vkey: string
  /** Where the key came from. */
  first: boolean
  /** The key the server shows now, where it is another one. */
  other?: string
  /** How it stands to a checkpoint from elsewhere. */
  kept?: Verdict
  at: Date
}

/** Checks the event's proof in this browser, against a key the server cannot choose. */
export default function ProofCheck({ tenant, id }: { tenant: string; id: string }) {
  const zone = useZone()
  const [checked, setChecked] = useState<Checked>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const [pasted, setPasted] = useState('')
  const [kept, setKept] = useState('')
  const [wrongKey, setWrongKey] = useState<string>()
  const [pin, setPin] = useState(() => pinnedKey(tenant))

  const check = async (checkpoint?: string) => {
    setBusy(true)
    setError(undefined)
    try {
      const text = await fetchProof(tenant, id, 'document')
      const document = parseJson(text)
      const shown = isObject(document) ? document.get('vkey') : undefined
      const server = typeof shown === 'string' ? shown.trim() : ''
      const known = pinnedKey(tenant)
      const vkey = known ?? server
      const verdict = await verifyProof(text, vkey)
      if (!known && verdict.ok) pinKey(tenant, server)
      setPin(pinnedKey(tenant))
      const held = checkpoint === undefined ? undefined : await holdToCheckpoint(verdict, checkpoint, vkey, (from, to) => fetchConsistency(tenant, from, to))
      setChecked({ verdict, vkey, first: !known, other: known && known !== server ? server : undefined, kept: held, at: clock.now() })
    } catch (failed) {
      setError(failed)
    } finally {
      setBusy(false)
    }
  }
  /** Pins a key from elsewhere, once the event's proof holds with it. */
  const use = async (vkey: string) => {
    setWrongKey(undefined)
    setError(undefined)
    setBusy(true)
    try {
      const key = await parseVerifierKey(vkey).catch((failed: Error) => failed)
      if (key instanceof Error) return setWrongKey(key.message)
      const text = await fetchProof(tenant, id, 'document')
      if (!(await signedBy(text, key))) return setWrongKey(pin ? t('This key did not sign this log; the pinned one stays.') : t('This key did not sign this log and was not pinned.'))
      const verdict = await verifyProof(text, vkey)
      setChecked({ verdict, vkey: vkey.trim(), first: false, at: clock.now() })
      if (!verdict.ok) return setWrongKey(t('The key fits, but the proof of this event does not hold: the key was not pinned.'))
      pinKey(tenant, vkey)
      setPin(vkey.trim())
      setPasted('')
    } catch (failed) {
      setError(failed)
    } finally {
      setBusy(false)
    }
  }
  const verdict = checked?.verdict
  return (
    <div className="proof">
      <p>{t('The event’s fields were hashed into an entry of a Merkle tree whose head is signed. This browser can compute all of that again, without trusting the server.')}</p>
      <Group gap="xs">
        <Button onClick={() => void check()} loading={busy} leftSection={<IconShieldCheck size={14} />}>
          {t('Verify in this browser')}
        </Button>
        <Button variant="default" onClick={() => void fetchProof(tenant, id, 'document').then((text) => saveBlob(new Blob([text], { type: 'application/json' }), `${id}.proof.json`), setError)}>
          {t('Export the event with its proof')}
        </Button>
        <Button variant="default" onClick={() => void fetchProof(tenant, id, 'file').then((text) => saveBlob(new Blob([text], { type: 'text/plain' }), `${id}.tlog-proof`), setError)}>
          {t('Proof as .tlog-proof')}
        </Button>
      </Group>
      {error !== undefined && <Failure error={error} />}
      {checked?.other && (
        <div className="notice notice-bad" role="alert">
          <h3>
            <IconAlertTriangle size={16} aria-hidden /> {t('The server shows another key than before')}
          </h3>
          <p>{t('Either the signing key was changed on purpose, or this is not the log you saw before. Ask whoever runs Annals for the key on another way, and compare.')}</p>
          <p className="mono small">
            {t('pinned')}: <bdi>{checked.vkey}</bdi>
            <br />
            {t('server')}: <bdi>{checked.other}</bdi>
          </p>
          <Button variant="default" onClick={() => void use(checked.other!)}>
            {t('Pin the new key')}
          </Button>
        </div>
      )}
      {verdict && (
        <div className={verdict.ok ? 'verdict verdict-good' : 'verdict verdict-bad'} role="status">
          <h3>
            {verdict.ok ? <IconShieldCheck size={18} aria-hidden /> : <IconShieldX size={18} aria-hidden />}
            {verdict.ok ? t('Proven') : t('Not proven')}
          </h3>
          <p>
            {verdict.ok
              ? t('This event stands at its place among {{size}} events of “{{origin}}”, as it is shown here. Checked in this browser on {{time}}.', { size: number(Number(verdict.size)), origin: verdict.origin, time: dateTime(checked!.at, zone) })
              : t('A step failed. What it says stands below; keep the proof file and show it to whoever runs Annals.')}
          </p>
          <Steps verdict={verdict} />
          {checked!.first && verdict.ok && <p className="notice">{t('The key came from this server and is pinned now, since it was seen here for the first time. To be sure that it is the right one, compare it with one from elsewhere.')}</p>}
          {verdict.ok && <p className="muted small">{t('Proven is that the event was recorded so, and not changed since. Who the actor was and when it happened is what the sending application said. Location, device, network and risk are not covered.')}</p>}
        </div>
      )}
      <section className="entry-section">
        <h3>{t('Verifier key')}</h3>
        {pin ? (
          <p className="mono small break">
            <bdi>{pin}</bdi> <Copy text={pin} label={t('Copy the key')} />
          </p>
        ) : (
          <p className="muted">{t('None is pinned yet: the first check pins the key the server shows. Paste one you got elsewhere to be independent of the server.')}</p>
        )}
        <form
          className="inline-form"
          onSubmit={(event) => {
            event.preventDefault()
            void use(pasted)
          }}
        >
          <TextInput size="xs" aria-label={t('Verifier key from elsewhere')} placeholder={t('Verifier key from elsewhere')} value={pasted} onChange={(event) => setPasted(event.currentTarget.value)} error={wrongKey} />
          <Button type="submit" variant="default" disabled={!pasted.trim()} loading={busy}>
            {t('Pin and verify')}
          </Button>
        </form>
      </section>
      <section className="entry-section">
        <h3>{t('Checkpoint from elsewhere')}</h3>
        <p className="muted">{t('Whoever kept a checkpoint of this log, such as an auditor or a witness, can hold the log to it: a history that was rewritten since does not fit, even if it was signed with the right key.')}</p>
        <form
          className="checkpoint-form"
          onSubmit={(event) => {
            event.preventDefault()
            void check(kept)
          }}
        >
          <Textarea size="xs" autosize minRows={3} maxRows={8} spellCheck={false} classNames={{ input: 'mono' }} aria-label={t('Checkpoint from elsewhere')} placeholder={t('The whole signed text: origin, size, root, signature')} value={kept} onChange={(event) => setKept(event.currentTarget.value)} />
          <Button type="submit" variant="default" disabled={!kept.trim()} loading={busy}>
            {t('Hold the log to it')}
          </Button>
        </form>
        {checked?.kept && (
          <div className={checked.kept.ok ? 'verdict verdict-good' : 'verdict verdict-bad'} role="status">
            <h4>
              {checked.kept.ok ? <IconShieldCheck size={18} aria-hidden /> : <IconShieldX size={18} aria-hidden />}
              {checked.kept.ok ? t('The log agrees with the checkpoint') : checked.kept.checkpoint && checked.verdict.ok ? t('The log does not agree with the checkpoint') : t('The checkpoint could not be used')}
            </h4>
            <Steps verdict={checked.kept} />
          </div>
        )}
      </section>
    </div>
  )
}

/** Whether the key signed the checkpoint of a proof. */
async function signedBy(text: string, key: VerifierKey): Promise<boolean> {
  const document = parseJson(text)
  const checkpoint = isObject(document) ? document.get('checkpoint') : undefined
  return typeof checkpoint === 'string' && (await openCheckpoint(checkpoint, key).then(() => true, () => false))
}

/** What a check did, a step a line, up to the one that failed. */
function Steps({ verdict }: { verdict: Verdict }) {
  return (
    <ol className="steps">
      {verdict.steps.map((step) => (
        <li key={step.words} className={step.ok ? undefined : 'wrong'}>
          {step.ok ? <IconCheck size={14} aria-label={t('holds')} /> : <IconX size={14} aria-label={t('fails')} />}
          <span>
            <bdi>{step.words}</bdi>
            {step.value && (
              <span className="mono small muted hash">
                <span className="hash-text" title={step.value}>
                  {step.value}
                </span>
                <Copy text={step.value} label={t('Copy the hash')} />
              </span>
            )}
          </span>
        </li>
      ))}
    </ol>
  )
}
