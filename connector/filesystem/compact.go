package filesystem

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/setting"
)

// The options of the merging of small files, with Flink's names.
var (
	compactionOption = &setting.Option{Key: "auto-compaction", Type: setting.Bool, Default: "false",
		Doc: "Whether the part files of a checkpoint are merged, within each partition, before they become visible. Until then they have names that begin with '.uncompacted-', which readers pass over; " +
			"what is visible has names that begin with 'compacted-'. All part files end with each checkpoint then. Merging takes part in the commit of a checkpoint, while rows go on being processed; the next checkpoint waits for it."}
	compactionSizeOption = &setting.Option{Key: "compaction.file-size", Type: setting.MemorySize,
		Doc: "The size up to which files are merged; if it is not given, 'sink.rolling-policy.file-size'."}
	compactionParallelismOption = &setting.Option{Key: "compaction.parallelism", Type: setting.Int, Default: "4",
		Doc: "How many files are made by merging at once."}
)

var compactionOptions = []*setting.Option{compactionOption, compactionSizeOption, compactionParallelismOption}

// What the names of files begin with that are to be merged, and of those that were made of them.
const (
	uncompacted = ".uncompacted-"
	compacted   = "compacted-"
)

// compaction is how small files are merged. Its zero value says that they are not.
type compaction struct {
	size     int64 // up to which files are merged
	parallel int
}

func newCompaction(c *config, l limits) (compaction, error) {
	v := c.values
	m := compaction{v.Memory(fileSizeOption), v.Int(compactionParallelismOption)}
	if v.Has(compactionSizeOption) {
		m.size = v.Memory(compactionSizeOption)
	}
	switch {
	case m.size <= 0:
		return m, fmt.Errorf("option '%s': files must be larger than 0 bytes", compactionSizeOption.Key)
	case m.parallel <= 0:
		return m, fmt.Errorf("option '%s': at least 1 file must be made at once", compactionParallelismOption.Key)
	case !v.Bool(compactionOption):
		m.size = 0
	}
	m.size = l.fileSize(m.size)
	return m, nil
}

// given is the name that a part file was given, without what tells of merging.
func given(base string) string {
	return strings.TrimPrefix(strings.TrimPrefix(base, uncompacted), compacted)
}

// bins deals the files that are to be merged to those that they become; visible are the others. It looks at nothing but the list, in whatever order that is: whoever
// commits a checkpoint again, with other options even, finds the very files that were made.
func bins(list []finished) (visible []finished, merged [][]finished) {
	together := map[string][]finished{}
	var groups []string
	for _, f := range list {
		if f.Merge == 0 {
			visible = append(visible, f)
			continue
		}
		group, _, _ := cutLast(f.Key)
		if f.Apart { // a changelog, of which names tell the order of each writer's files
			group = f.Key[:strings.LastIndexByte(f.Key, '-')]
		}
		if together[group] == nil {
			groups = append(groups, group)
		}
		together[group] = append(together[group], f)
	}
	for _, group := range groups {
		files := together[group]
		// A writer's files stay in their order.
		slices.SortFunc(files, func(a, b finished) int { return compareNames(a.Key, b.Key) })
		var size int64
		var bin []finished
		for _, f := range files {
			if len(bin) > 0 && size+f.Size > bin[0].Merge {
				merged, bin, size = append(merged, bin), nil, 0
			}
			bin = append(bin, f)
			size += f.Size
		}
		merged = append(merged, bin)
	}
	return visible, merged
}

// compactedKey is the key of what a bin becomes. As no two files have the same name, no two bins have.
func compactedKey(bin []finished) string {
	dir, base, ok := cutLast(bin[0].Key)
	if ok {
		dir += "/"
	}
	return dir + compacted + given(base)
}
