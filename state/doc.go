// Package state holds what operators remember: hash tables from keys to dense group numbers with the keys in columns,
// and the tables in which state enters and leaves a checkpoint.
//
// A [Tracker] follows which rows of a table change, so that a checkpoint has these alone and is copied while data flows.
//
// What enters: key columns of batches. What leaves: group numbers, and at a checkpoint the table's columns. Operators own their
// tables; nothing here locks.
package state
