/** One clock for every countdown of a view: it ticks each second and only while something is shown. */
export class Ticker {
	now = $state(performance.now())

	/** Ticks until the returned function is called; meant for an `$effect`. */
	run(): () => void {
		this.now = performance.now()
		const timer = setInterval(() => (this.now = performance.now()), 1000)
		return () => clearInterval(timer)
	}
}
