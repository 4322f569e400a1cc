package doctor

import "context"

// check is one point of the examination.
type check struct {
	name   string
	needed bool   // what is missing is an error; else it is a limit
	stops  bool   // where this is missing, nothing behind it can be tested
	costs  string // what it means for Millstream if this is missing, unless the check knows better
	advice string // what to do about it then
	run    func(e *exam, ctx context.Context) Finding
}

const cleanUpName = "clean-up"

// checks are all there are, in the order in which they run. What one needs of a store, an earlier one has tested.
func checks() []check {
	return []check{
		{
			name: "reach", needed: true, stops: true, run: (*exam).reach,
			costs:  "Nothing works.",
			advice: "set s3.endpoint to the address of the store's S3 API",
		},
		{
			name: "tls", run: (*exam).encryption,
			costs:  "Who can listen on the way reads the data, and can change it.",
			advice: "set s3.endpoint to an https:// address, and s3.tls.ca-file for a private authority",
		},
		{
			name: "clock", needed: true, run: (*exam).clock,
			costs:  "S3 refuses requests whose time is 15 minutes off.",
			advice: "set both clocks by NTP",
		},
		{
			name: "addressing", needed: true, stops: true, run: (*exam).addressing,
			costs: "Requests do not find the bucket.",
		},
		{
			name: "credentials", needed: true, stops: true, run: (*exam).credentials,
			costs:  "Nothing works.",
			advice: "set s3.access-key and s3.secret-key",
		},
		{
			name: "bucket", needed: true, stops: true, run: (*exam).bucket,
			costs: "There is nothing to read from or write to.",
		},
		{
			name: "region", run: (*exam).region,
			costs: "The first request to the bucket is made twice.",
		},
		{
			name: "strangers", run: (*exam).strangers,
			costs:  "Others can read or change what jobs read and write, checkpoints too.",
			advice: "close the bucket by its policy, in the store",
		},
		{
			name: "write", needed: true, stops: true, run: (*exam).write,
			costs:  "No job can write results or checkpoints to it.",
			advice: "allow GetObject and PutObject below the prefix, in the store's policy",
		},
		{
			name: "overwrite", needed: true, run: (*exam).overwrite,
			costs:  "A job may start from an old checkpoint, and does not notice that another process has replaced it.",
			advice: "set execution.checkpointing.dir to a store that answers with the last write",
		},
		{
			name: "ranges", needed: true, run: (*exam).ranges,
			costs:  "Tables cannot be read: files are read in ranges, and go on from where a connection broke.",
			advice: "use another store, or this one without a proxy between that takes ranges away",
		},
		{
			name: "keys", run: (*exam).keys,
			costs:  "Objects with such names can be neither read nor written.",
			advice: "name objects otherwise, partition values too",
		},
		{
			name: "list", needed: true, run: (*exam).list,
			costs:  "Tables miss objects that are there, or read deleted ones; INSERT OVERWRITE leaves old files.",
			advice: "use another store for tables of directories; single objects can be named",
		},
		{
			name: "delete", needed: true, run: (*exam).remove,
			costs:  "Old checkpoints stay for ever, and INSERT OVERWRITE fails.",
			advice: "allow DeleteObject below the prefix, in the store's policy",
		},
		{
			name: "versions", run: (*exam).versions,
			costs:  "What jobs delete, such as old checkpoints, still takes room.",
			advice: "let a lifecycle rule of the store end old versions",
		},
		{
			name: "multipart", needed: true, run: (*exam).multipart,
			costs:  "Tables of files cannot be written.",
			advice: "use another store for the tables' paths",
		},
		{
			name: "open-uploads", run: (*exam).openUploads,
			costs:  "Part files cannot stay open over checkpoints.",
			advice: "say 'sink.visibility' = 'checkpoint' in tables that are written: their files end with each checkpoint",
		},
		{
			name: "upload-list", run: (*exam).uploadList,
			costs:  "What killed jobs were uploading is not found again, and takes room.",
			advice: "let a lifecycle rule of the store end incomplete uploads after some days",
		},
		{
			name: "put-if-absent", needed: true, run: (*exam).putIfAbsent,
			costs:  "Two processes can both start the same job from nothing, and both write its results; a table of a shared catalog can be created twice.",
			advice: "set execution.checkpointing.dir to another store, or see to it that each job runs once",
		},
		{
			name: "put-if-match", needed: true, run: (*exam).putIfMatch,
			costs:  "A process that was replaced can still complete checkpoints and commit results, so that rows come twice.",
			advice: "set execution.checkpointing.dir to another store, or see to it that each job runs once",
		},
		{
			name: "commit-if-absent", run: (*exam).commitIfAbsent,
			costs: "A file is not protected from another of its name; those of jobs have names of their own.",
		},
		{
			name: "commit-if-match", run: (*exam).commitIfMatch,
			costs: "None today: no job replaces a large object only if it has not changed.",
		},
		{
			name: "metadata", run: (*exam).writeMarks,
			costs: "A conditional write whose answer was lost counts as failed, so that a job may start again for nothing.",
		},
		{
			name: "select-csv", run: (*exam).selectCSV,
			costs: "s3-select and 'scan.select' read whole objects by ranges: the same rows, more bytes. millstream s3 select fails.",
		},
		{
			name: "select-json", run: (*exam).selectJSON,
			costs: "millstream s3 select fails on JSON; tables read it by ranges in any case.",
		},
		{
			name: "select-parquet", run: (*exam).selectParquet,
			costs:  "millstream s3 select fails on Parquet; tables read its columns by ranges in any case.",
			advice: "where the store is MinIO, start it with MINIO_API_SELECT_PARQUET=on",
		},
		{
			name: "listen", run: (*exam).listen,
			costs:  "New objects are found by the next listing rather than at once.",
			advice: "say 'source.discovery' (in s3-events 'scan.mode') = poll; or webhook, kafka or nats, and let the store send its events there",
		},
		{
			name: "latency", run: (*exam).latency,
			costs:  "Each checkpoint and each committed file takes several such requests.",
			advice: "set execution.checkpointing.interval longer, or use a store that is nearer",
		},
		{
			name: "throughput", run: (*exam).throughput,
			costs:  "Reading and writing large files takes long.",
			advice: "set s3.upload.max.concurrent.uploads and parallelism.default higher, if more streams bring more",
		},
		{
			name: cleanUpName, run: (*exam).cleanUp,
			costs: "What this examination has written takes room.",
		},
	}
}
