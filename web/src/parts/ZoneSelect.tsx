import { Select } from '@mantine/core'
import { t } from '../words/i18n'
import { zones } from '../words/time'

const ALL = zones()

export function ZoneSelect({ value, onChange, label = t('Time zone') }: { value: string; onChange: (zone: string) => void; label?: string }) {
  return <Select label={label} data={ALL} value={value} onChange={(zone) => zone && onChange(zone)} searchable selectFirstOptionOnChange limit={60} allowDeselect={false} nothingFoundMessage={t('No such zone')} />
}
