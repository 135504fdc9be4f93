import { Go } from '../parts/Go'
import { t } from '../words/i18n'
import { urls } from '../urls'

export function NotFound() {
  return (
    <div className="state" role="alert">
      <div>
        <h1>{t('There is no such page')}</h1>
        <p>
          <Go to={urls.home()}>{t('Go to the overview')}</Go>
        </p>
      </div>
    </div>
  )
}
