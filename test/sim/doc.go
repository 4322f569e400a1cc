// Package sim proves that jobs written in SQL give each input's effect exactly once, whatever happens to them.
//
// Each job runs by engine/simulate: a seed decides in which order its goroutines go on, when time passes, when the store fails, is slow or loses answers,
// when the process is killed, replaced by another while it still runs, and started with which parallelism, and whether the store goes on with uploads as S3 does or
// by copying them. Jobs over files that appear while they run are stopped with savepoints at any time, and go on from the last. In the end there must be what an
// undisturbed run writes.
//
//	go test ./test/sim -sim.seeds 10000             # so many seeds, from 1 on, in turn over the jobs
//	go test ./test/sim -sim.seed 4711 [-sim.steps]  # one of them again, step by step
package sim
