import { useParams } from '@tanstack/react-router'
import { RecordHistory } from '../entry/RecordHistory'
import { typeWord } from '../words/event'
import { t } from '../words/i18n'

export default function HistoryPage() {
  const { tenant, type, id } = useParams({ from: '/t/$tenant/records/$type/$id' })
  return (
    <div className="entry-page">
      <title>{`${id} · Annals`}</title>
      <header className="page-head">
        <h1>
          {t('History of')} <bdi className="muted">{typeWord(type)}</bdi> <bdi className="mono">{id}</bdi>
        </h1>
      </header>
      <h2 className="hidden">{t('State and events')}</h2>
      <RecordHistory tenant={tenant} type={type} id={id} />
    </div>
  )
}
