// Package durable runs a job so that it survives failures: it keeps the job's checkpoints in an object store, starts it again from the last one
// after a failure, also of the process, and lets only one process at a time go on with it.
//
// What enters: a graph, the options of engine/job and settings. What leaves: the same result, as of a job that was never disturbed. The command
// line and the Go API run all jobs by it; without checkpoints and a restart strategy it is engine/job alone.
//
// What must hold: what sinks commit is covered by a checkpoint that the store's head names; a process that was fenced commits nothing; each run
// starts from what the head names when it claims the job.
package durable
