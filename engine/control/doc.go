// Package control makes running jobs reachable from other processes of the same user: to list them, take savepoints, stop and cancel them.
//
// What enters: a job's [durable.Handle], by [Serve]; requests of other processes, by [List] and the methods of [Job]. What leaves: the same calls on
// the handle. The command line uses both sides; a server has its jobs in its own process and needs neither.
//
// What must hold: only the user who runs a job reaches it, as its socket lies in a directory that nobody else may enter; a job runs on whether anybody
// can reach it or not; what a process that died left is no job.
package control
