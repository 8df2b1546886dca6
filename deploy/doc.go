// Package deploy holds what receivers are deployed with, and in its tests, which
// need -tags deploy, the linters of those files.
package deploy
