import { type OptionsFilter, Select, type SelectProps } from '@mantine/core'
import { t } from '../words/i18n'
import { zones, zonesLike } from '../words/time'

const ALL = zones()
const SHOWN = 60

const like: OptionsFilter = ({ options, search, limit }) => {
  const byName = new Map(options.flatMap((one) => ('value' in one ? [[String(one.value), one] as const] : [])))
  return zonesLike([...byName.keys()], search)
    .slice(0, limit)
    .map((zone) => byName.get(zone)!)
}

type Props = Omit<SelectProps, 'data' | 'filter' | 'onChange'> & { onChange: (zone: string) => void }

/** A zone, found by any part of its name; Enter takes the first. */
export function ZoneSelect({ onChange, ...rest }: Props) {
  return <Select label={rest['aria-label'] ? undefined : t('Time zone')} data={ALL} filter={like} limit={SHOWN} onChange={(zone) => zone && onChange(zone)} searchable selectFirstOptionOnChange allowDeselect={false} nothingFoundMessage={t('No such zone')} {...rest} />
}
