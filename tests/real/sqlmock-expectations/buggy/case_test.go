// A test polls ExpectationsWereMet while a worker still runs its statements.
package realworld

import (
	"testing"

	"github.com/DATA-DOG/go-sqlmock"
)

func TestWorkerFlushesItsRows(t *testing.T) {
	db, mock, err := sqlmock.New()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const rows = 40
	for range rows {
		mock.ExpectExec("INSERT INTO visits").WillReturnResult(sqlmock.NewResult(1, 1))
	}
	flushed := make(chan error, 1)
	go func() {
		for range rows {
			if _, err := db.Exec("INSERT INTO visits VALUES (1)"); err != nil {
				flushed <- err
				return
			}
		}
		flushed <- nil
	}()
	polls := 0
	for mock.ExpectationsWereMet() != nil {
		if polls++; polls == 1000000 {
			t.Fatal("the worker never finished")
		}
	}
	if err := <-flushed; err != nil {
		t.Fatal(err)
	}
}
