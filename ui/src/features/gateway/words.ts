/** The gateway's state in words. */

import type { FaultGroup } from '../../lib/ipc/generated/FaultGroup'
import type { GatewayView } from '../../lib/ipc/generated/GatewayView'

export interface ActiveFault {
	group: string
	label: string
	effect: string
}

export function activeFaults(groups: readonly FaultGroup[]): ActiveFault[] {
	return groups.flatMap((group) => {
		if (group.active === undefined) return []
		const choice = group.choices.find((candidate) => candidate.id === group.active)
		return [{ group: group.label, label: choice?.label ?? group.active, effect: choice?.effect ?? '' }]
	})
}

/** `up 6 min · 14 requests · 4 refused on purpose`. */
export function summary(view: GatewayView, now: number): string {
	const minutes = view.started_at === undefined ? 0 : Math.floor((now - Date.parse(view.started_at)) / 60_000)
	const up = minutes < 1 ? 'up under 1 min' : minutes < 120 ? `up ${minutes} min` : `up ${Math.floor(minutes / 60)} h`
	const requests = `${view.requests} ${view.requests === 1 ? 'request' : 'requests'}`
	const refused = view.refused_on_purpose > 0 ? [`${view.refused_on_purpose} refused on purpose`] : []
	return [up, requests, ...refused].join(' · ')
}

export const LIFETIMES: readonly number[] = [15, 60, 300, 900, 3600]

export function lifetime(seconds: number): string {
	return seconds < 3600 || seconds % 3600 !== 0 ? `${seconds} s` : `${seconds / 3600} h`
}
