import { Button } from '@mantine/core'
import { identity } from '../api/identity'
import { Alone } from '../parts/Alone'
import { left } from '../routes'
import { t } from '../words/i18n'

export default function NoTenantPage() {
  return (
    <Alone title={t('No tenant')}>
      <p>{t('Your account belongs to no tenant now. An owner can invite you again.')}</p>
      <Button variant="default" onClick={() => void identity.signOut().finally(left)}>
        {t('Sign out')}
      </Button>
    </Alone>
  )
}
