/** One line of a menu. */
export interface MenuItem {
	label: string
	onselect: () => void
	/** Faint, at the right. */
	note?: string | undefined
	shortcut?: readonly string[] | undefined
	checked?: boolean | undefined
	disabled?: boolean | undefined
	/** Whether a hairline stands before it. */
	separated?: boolean | undefined
}
