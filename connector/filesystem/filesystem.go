// Package filesystem reads and writes tables that are files in an object store or on disk: the connector 'filesystem'.
//
// What enters: a path (a file, a directory or a pattern) and a format, or batches to write. What leaves: batches of the files' rows with
// columns for the directories' partitions and for what is known of each file; or part files below a directory. The engine calls it
// through package connector.
//
// What must hold:
//   - the splits of one listing cover every record exactly once, however files are cut: both neighbours of a cut find its place by
//     the same search from the same byte on ([textReader]);
//   - a file is read in the version that was listed, or 'source.changed-objects' decides;
//   - of a table that is monitored, each version of a file that is found is read once;
//   - a part file is visible whole, and only after Commit; so is what is merged of several, which have hidden names until then.
package filesystem

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/discovery"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// The options, with Flink's names.
var (
	pathOption = &setting.Option{Key: "path", Required: true,
		Doc: "A file, a directory or a pattern such as 's3://bucket/logs/2024-*/*.csv', at s3://, s3a://, file:// or a plain path. A sink needs a directory. Of a directory all files are read, at any depth, except those with a name or a directory that begins with '.' or '_'."}
	formatOption = &setting.Option{Key: "format", Required: true,
		Doc: "The format of the files; its own options follow as 'FORMAT.option'."}
	regexOption = &setting.Option{Key: "source.path.regex-pattern",
		Doc: "A regular expression that must match the whole path of a file, with or without scheme and bucket, for the file to be read."}
	changedOption = &setting.Option{Key: "source.changed-objects", Type: setting.Enum, Values: []string{"fail", "skip", "read-new"}, Default: "fail",
		Doc: "What happens when a file was deleted or overwritten after it was found and before it was read to its end: the job fails; the rest of it is left, and the file counted; " +
			"or the new version is read, if nothing of the old one was read before. In a table that is monitored the new version is found by itself, so that the last two are the same."}
	defaultNameOption = &setting.Option{Key: "partition.default-name", Default: "__DEFAULT_PARTITION__",
		Doc: "The name of the partition directory for NULL and for the empty text."}
	fileSizeOption = &setting.Option{Key: "sink.rolling-policy.file-size", Type: setting.MemorySize, Default: "128 mb",
		Doc: "The size at which a part file is ended and another one begun; it ends at 4 tb in any case, as stores take little more."}
	rolloverOption = &setting.Option{Key: "sink.rolling-policy.rollover-interval", Type: setting.Duration, Default: "30 min",
		Doc: "The age at which a part file is ended, whether rows come or not. It is visible from the next checkpoint on."}
	inactivityOption = &setting.Option{Key: "sink.rolling-policy.inactivity-interval", Type: setting.Duration, Default: "30 min",
		Doc: "The time without rows after which a part file is ended. It is visible from the next checkpoint on."}
	checkOption = &setting.Option{Key: "sink.rolling-policy.check-interval", Type: setting.Duration, Default: "1 min",
		Doc: "How often the two intervals are checked."}
	visibilityOption = &setting.Option{Key: "sink.visibility", Type: setting.Enum, Values: []string{"rolled", "checkpoint"}, Default: "rolled",
		Doc: "When rows become visible: 'rolled' once their part file is ended and a checkpoint covers it, 'checkpoint' with each checkpoint, which ends all part files, so that there are more and smaller ones. A part file stays open across checkpoints only in a format without an index (csv, json, raw), without 'sink.compression' and 'auto-compaction', and with a 'sink.rolling-policy.file-size' of at most 2 gb; others end with each checkpoint in any case, as all do with savepoints and at the end of the job."}
)

// metadata are the columns that every file has besides its own.
var metadata = []graph.Metadata{
	{Key: "file.path", Field: column.Field{Name: "file.path", Type: column.Str().Required(), Comment: "The file's full path; on S3 its URL"}},
	{Key: "file.name", Field: column.Field{Name: "file.name", Type: column.Str().Required(), Comment: "The last part of the path"}},
	{Key: "file.size", Field: column.Field{Name: "file.size", Type: column.Of(column.BigInt).Required(), Comment: "Bytes"}},
	{Key: "file.modification-time", Field: column.Field{Name: "file.modification-time", Type: column.Sized(column.TimestampLTZ, 3).Required(), Comment: "When the file was written"}},
}

func spec() *connector.Spec {
	return &connector.Spec{
		Name: "filesystem",
		Doc: "Files in S3-compatible object storage or on disk. A source reads a file, a directory or a pattern, once, or with 'source.monitor-interval' also what appears there later, without an end; files that end in .gz, .zst, .bz2 or " +
			".deflate are decompressed; large ones are read in parallel. A sink writes part files below a directory. " +
			"Partitions are directories such as dt=2024-01-01/; files outside of them do not belong to a partitioned table.",
		Example: "CREATE TABLE visits (\n  user_id BIGINT,\n  url STRING,\n  dt STRING\n) PARTITIONED BY (dt) WITH (\n" +
			"  'connector' = 'filesystem',\n  'path' = 's3://bucket/visits',\n  'format' = 'json'\n)",
		Guarantee: "Exactly once: part files become visible as a whole when the checkpoint, or the end of the job, covers all rows in them. One that is not full stays open across checkpoints, which keep what the store does not have of it yet. " +
			"A part file is named part-RUN-SUBTASK-NUMBER, which is given once, when the file is begun: RUN is the id of the process's run of the job, NUMBER counts the files of the subtask in it, and before SUBTASK stands which sink of the job it is, unless it is the first. " +
			"What a checkpoint covers becomes visible under that name, whoever commits it, however often and with whatever parallelism the job goes on; what came behind the last checkpoint was never visible, and is written by the next run under names of its own. " +
			"A file that is merged of several bears the name of the first of them. " +
			"A source that is monitored reads each version of a file that it finds exactly once.",
		Options: slices.Concat([]*setting.Option{pathOption, formatOption, regexOption, selectOption, changedOption, monitorOption, discoveryOption, retentionOption, defaultNameOption,
			fileSizeOption, rolloverOption, inactivityOption, checkOption, visibilityOption, connector.SinkParallelismOption, compressionOption}, compactionOptions, partitionCommitOptions, discovery.Options(), connector.FullTableOptions),
		Formats:   true,
		Metadata:  metadata,
		NewSource: func(req connector.SourceRequest) (connector.Source, error) { return openSource(req, defaults) },
		NewLookup: newLookup,
		NewSink:   func(req connector.SinkRequest) (connector.Sink, error) { return newSink(req, defaultLimits) },
	}
}

// newLookup makes a table that is looked up by key: all of it is held.
func newLookup(req connector.LookupRequest) (connector.LookupSource, error) {
	c, err := configure(req.Env, req.Table)
	if err != nil {
		return nil, err
	}
	return connector.NewFullTable(req, c.values, func(r connector.SourceRequest) (connector.Source, error) { return newSource(r, defaults) })
}

func init() {
	connector.Register(spec())
	connector.Register(selectSpec())
}
