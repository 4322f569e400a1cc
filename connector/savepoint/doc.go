// Package savepoint reads the state of operators out of savepoints and checkpoints: as a table function of SQL, and as the connector 'savepoint'.
//
// What enters: the path of a snapshot, an operator and one of its tables. What leaves: the table's rows, over all subtasks, with the columns that the
// operator gave it. The package also has the codec that reads and writes the segments of snapshots.
//
// What must hold: a table is read whole and checked before its first row leaves; the snapshot is not changed.
package savepoint
