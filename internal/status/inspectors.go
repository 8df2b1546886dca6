package status

import (
	"slices"
	"sync"
)

// Inspector is an inspector's page, of a config that is not changed any more.
type Inspector struct {
	InEffect func() bool // the config is the one that runs
	Sites    func() []string
}

var pages struct {
	sync.Mutex
	all []*Inspector
}

// PublishInspector has the inspector reported until what it returns is called.
func PublishInspector(i *Inspector) (withdraw func()) {
	pages.Lock()
	defer pages.Unlock()
	pages.all = append(pages.all, i)
	return func() {
		pages.Lock()
		defer pages.Unlock()
		pages.all = slices.DeleteFunc(pages.all, func(other *Inspector) bool { return other == i })
	}
}

// inspectors returns where those of the config that runs are.
func inspectors() []string {
	pages.Lock()
	all := slices.Clone(pages.all)
	pages.Unlock()
	sites := []string{}
	for _, i := range all {
		if i.InEffect() {
			sites = append(sites, i.Sites()...)
		}
	}
	slices.Sort(sites)
	return slices.Compact(sites)
}
