import { useMediaQuery } from '@mantine/hooks'

/** Whether the window is as narrow as a phone: rows become cards. The same width stands in app.css. */
export function useNarrow(): boolean {
  return useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false })
}
