//! Small signs that always come with a word: outcome, severity, category, how sure something is.

import { Tooltip } from '@mantine/core'
import { IconAlertTriangle, IconBan, IconCheck, IconChevronsUp, IconCircleX, IconEqual, IconChevronUp, IconChevronDown, IconInfoCircle, IconHelp, IconFlame, IconMathFunction, IconQuote, IconShield, IconTilde } from '@tabler/icons-react'
import { t } from '../words/i18n'
import { categoryWord, outcomeWord, severityWord } from '../words/event'

export function Outcome({ result }: { result: string | undefined }) {
  if (!result) return <span className="muted">{t('not recorded')}</span>
  const Icon = { success: IconCheck, failure: IconCircleX, denied: IconBan, warning: IconAlertTriangle }[result] ?? IconHelp
  return (
    <span className={`sign outcome-${result}`}>
      <Icon size={14} aria-hidden />
      <bdi>{outcomeWord(result)}</bdi>
    </span>
  )
}

export function Severity({ level }: { level: string | null | undefined }) {
  if (!level) return <span className="muted">{t('not recorded')}</span>
  const Icon = { info: IconInfoCircle, low: IconChevronDown, medium: IconEqual, high: IconChevronsUp, critical: IconFlame }[level] ?? IconChevronUp
  return (
    <span className={`sign severity-${level}`}>
      <Icon size={14} aria-hidden />
      <bdi>{severityWord(level)}</bdi>
    </span>
  )
}

export function Category({ name }: { name: string | null | undefined }) {
  if (!name) return <span className="muted">{t('not recorded')}</span>
  return (
    <span className="sign">
      <span className={`dot category-${name}`} aria-hidden />
      <bdi>{categoryWord(name)}</bdi>
    </span>
  )
}

/** `covered`: the proof holds it, which the part Proof of the entry checks; a mark proves nothing by itself. */
export type Sureness = 'covered' | 'claimed' | 'estimated' | 'derived'

export function surenessWords(kind: Sureness): string {
  return {
    covered: t('Covered by the proof: recorded by Annals and hashed into the signed log; Proof checks it'),
    claimed: t('Claimed: the sending application says so; that it said so is covered by the proof'),
    estimated: t('Estimated when it arrived; not covered by the proof'),
    derived: t('Derived by Annals from other fields; not covered by the proof'),
  }[kind]
}

/** One small mark: how sure a value is. */
export function Sure({ kind }: { kind: Sureness }) {
  const Icon = { covered: IconShield, claimed: IconQuote, estimated: IconTilde, derived: IconMathFunction }[kind]
  return (
    <Tooltip label={surenessWords(kind)} multiline w={260}>
      <span className={`sure sure-${kind}`} tabIndex={0} role="note" aria-label={surenessWords(kind)}>
        <Icon size={12} aria-hidden />
      </span>
    </Tooltip>
  )
}
