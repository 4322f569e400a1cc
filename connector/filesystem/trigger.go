package filesystem

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
)

// The options of the commit of partitions, with Flink's names.
var (
	extractorOption = &setting.Option{Key: "partition.time-extractor.kind", Default: "default",
		Doc: "How the time of a partition is found: only 'default' is there, by 'partition.time-extractor.timestamp-pattern'; 'custom' would need a class of Java."}
	extractorClassOption = &setting.Option{Key: "partition.time-extractor.class",
		Doc: "The class of an extractor of kind 'custom', which is refused."}
	timePatternOption = &setting.Option{Key: "partition.time-extractor.timestamp-pattern",
		Doc: "The text of a partition's time, in which $name stands for the partition column of that name, such as '$dt $hour:00:00'. Without it, that is the first partition column alone."}
	timeFormatterOption = &setting.Option{Key: "partition.time-extractor.timestamp-formatter",
		Doc: "The form of that text, as a pattern of Java's DateTimeFormatter such as 'yyyyMMddHH'. Without it, yyyy-MM-dd, with or without HH:mm:ss."}
	triggerOption = &setting.Option{Key: "sink.partition-commit.trigger", Type: setting.Enum, Values: []string{"process-time", "partition-time"}, Default: "process-time",
		Doc: "What a partition waits for until it is committed: 'process-time', that the delay has passed since it was first written to, or 'partition-time', that the watermark has passed the partition's time and the delay, for which the inserted rows need a watermark. It is looked at with each checkpoint; at the end of the input, all partitions are committed."}
	delayOption = &setting.Option{Key: "sink.partition-commit.delay", Type: setting.Duration, Default: "0 s",
		Doc: "How long the commit of a partition waits: '1 h' for partitions of an hour and 'partition-time'."}
	watermarkZoneOption = &setting.Option{Key: "sink.partition-commit.watermark-time-zone", Default: "UTC",
		Doc: "The time zone in which partitions' times are, if the watermark is that of a TIMESTAMP_LTZ column."}
	policyOption = &setting.Option{Key: "sink.partition-commit.policy.kind",
		Doc: "What the commit of a partition does: 'success-file' writes an empty file to its directory, once, when all files of the partition are visible. Without it partitions are not committed. 'metastore' needs a Hive catalog and 'custom' a class of Java, so both are refused."}
	policyClassOption = &setting.Option{Key: "sink.partition-commit.policy.class",
		Doc: "The class of a policy of kind 'custom', which is refused."}
	successNameOption = &setting.Option{Key: "sink.partition-commit.success-file.name", Default: "_SUCCESS",
		Doc: "The name of the file that the policy 'success-file' writes. A name that does not begin with '_' or '.' is read as data."}
)

var partitionCommitOptions = []*setting.Option{extractorOption, extractorClassOption, timePatternOption, timeFormatterOption,
	triggerOption, delayOption, watermarkZoneOption, policyOption, policyClassOption, successNameOption}

// trigger decides when a partition is committed.
type trigger struct {
	names     []string // the partition columns
	byTime    bool     // by the partition's time and the watermark
	pattern   string   // empty: the first column
	formatter string   // empty: the standard forms
	delay     time.Duration
	zone      *time.Location
	success   string // the name of the file to write
}

// newTrigger returns nil for a table whose partitions are not committed.
func newTrigger(c *config) (*trigger, error) {
	v := c.values
	policy := strings.TrimSpace(v.Text(policyOption))
	if kind := v.Text(extractorOption); kind != "default" || v.Text(extractorClassOption) != "" {
		return nil, fmt.Errorf("option '%s': there is no extractor '%s', for classes of Java cannot be run: use 'default' with '%s' and '%s'",
			extractorOption.Key, kind, timePatternOption.Key, timeFormatterOption.Key)
	}
	if v.Text(policyClassOption) != "" {
		return nil, fmt.Errorf("option '%s': classes of Java cannot be run; the policy there is is 'success-file'", policyClassOption.Key)
	}
	if policy == "" {
		return nil, nil
	}
	for kind := range strings.SplitSeq(policy, ",") {
		switch kind = strings.TrimSpace(kind); kind {
		case "success-file":
		case "metastore":
			return nil, fmt.Errorf("option '%s': 'metastore' adds partitions to a Hive catalog, which no table here is in; use 'success-file'", policyOption.Key)
		case "custom":
			return nil, fmt.Errorf("option '%s': 'custom' is a class of Java, which cannot be run; use 'success-file'", policyOption.Key)
		default:
			return nil, fmt.Errorf("option '%s': there is no policy '%s'; valid is 'success-file'", policyOption.Key, kind)
		}
	}
	t := &trigger{
		byTime: v.Enum(triggerOption) == "partition-time", pattern: v.Text(timePatternOption), formatter: v.Text(timeFormatterOption),
		delay: v.Duration(delayOption), success: v.Text(successNameOption),
	}
	if t.success == "" || strings.ContainsRune(t.success, '/') {
		return nil, fmt.Errorf("option '%s': '%s' is no name of a file", successNameOption.Key, t.success)
	}
	var err error
	if t.zone, err = setting.Zone(v.Text(watermarkZoneOption)); err != nil {
		return nil, fmt.Errorf("option '%s': %w", watermarkZoneOption.Key, err)
	}
	if t.formatter != "" {
		if _, _, err := expr.LocalTime("", t.formatter); err != nil {
			return nil, fmt.Errorf("option '%s': %w", timeFormatterOption.Key, err)
		}
	}
	for _, p := range c.table.PartitionBy {
		t.names = append(t.names, c.table.Columns[p].Name)
	}
	if len(t.names) == 0 {
		return nil, nil // as in Flink: there is nothing to commit
	}
	return t, nil
}

// due reports whether a partition that was first written to at created is to be committed.
func (t *trigger) due(p *partition, watermark int64, now time.Time) bool {
	if !t.byTime {
		return t.delay == 0 || now.Sub(p.Created) > t.delay
	}
	return watermark == math.MaxInt64 || watermark > p.Time+t.delay.Milliseconds()
}

// time returns the time of the partition in a directory, in milliseconds since 1970 UTC.
func (t *trigger) time(dir string) (int64, error) {
	text := t.pattern
	for i, name := range t.names {
		value, ok := partitionText(dir, name)
		switch {
		case !ok:
			return 0, fmt.Errorf("the directory %s does not name the partition column '%s'", dir, name)
		case t.pattern != "":
			text = strings.ReplaceAll(text, "$"+name, value)
		case i == 0:
			text = value
		}
	}
	seconds, err := t.parse(text)
	if err != nil {
		return 0, fmt.Errorf("the partition %s has no time, for '%s' is none: %w; see '%s' and '%s'",
			strings.TrimSuffix(dir, "/"), text, err, timePatternOption.Key, timeFormatterOption.Key)
	}
	return (seconds - column.OffsetOfLocal(seconds, t.zone)) * 1000, nil
}

// parse reads a local time in seconds.
func (t *trigger) parse(text string) (int64, error) {
	if t.formatter != "" {
		seconds, ok, err := expr.LocalTime(text, t.formatter)
		if err == nil && !ok {
			err = errors.New("it is not in the form " + t.formatter)
		}
		return seconds, err
	}
	millis, err := column.ParseTimestamp([]byte(text), column.Sized(column.Timestamp, 3), 0, nil)
	return int64(math.Floor(float64(millis) / 1000)), err
}
