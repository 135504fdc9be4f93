import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { countQuery } from '../api/events'
import { Copy } from '../parts/Copy'
import { Go } from '../parts/Go'
import { useMay } from '../session/session'
import { urls } from '../urls'
import { t } from '../words/i18n'
import { number } from '../words/time'

const ASKED_EVERY_MS = 3_000

/** What stands where no application has sent an event yet: how to send the first one. Goes by itself when it comes. */
export function NothingYet({ tenant, ownLeftOut }: { tenant: string; ownLeftOut: number }) {
  const may = useMay('config.manage')
  const client = useQueryClient()
  const { data } = useQuery({ ...countQuery({ tenant, tz: 'UTC' }), queryKey: [tenant, 'first event'], refetchInterval: ASKED_EVERY_MS, staleTime: 0 })
  const came = (data?.total ?? 0) > 0
  useEffect(() => {
    if (came) void client.invalidateQueries({ queryKey: [tenant] })
  }, [came, client, tenant])
  const command = `curl ${window.location.origin}/v1/events -H "Authorization: Bearer $ANNALS_KEY" -H "Content-Type: application/json" -d '{"action":"customer.update","actor":{"id":"u-1"}}'`
  return (
    <div className="state">
      <div>
        <h2>{t('No application has sent an event yet')}</h2>
        {may ? (
          <p>
            {t('1.')} <Go to={urls.settings(tenant, 'keys')}>{t('Create an API key')}</Go> {t('with the scope events:write and put it into ANNALS_KEY.')}
          </p>
        ) : (
          <p>{t('An owner or admin creates an API key with the scope events:write.')}</p>
        )}
        <p>{t('2. Send the first event:')}</p>
        <p className="command">
          <code>{command}</code> <Copy text={command} label={t('Copy the command')} />
        </p>
        <p className="muted" role="status">
          {came ? t('The first event is here.') : t('It appears here when it comes.')}
        </p>
        {ownLeftOut > 0 && (
          <p>
            <Go to={urls.events(tenant, { own: 'include', range: 'all' })}>{t('Show the {{shown}} events Annals recorded about itself', { shown: number(ownLeftOut) })}</Go>
          </p>
        )}
      </div>
    </div>
  )
}
