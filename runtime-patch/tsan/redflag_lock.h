// The lock of a slot and of a synchronisation object, in a detector built from LLVM's sources (runtime-patch/tsan/build.sh).
//
// Each synchronisation takes two of these, which are hardly ever wanted by another thread at that moment. The detector's own Mutex
// takes and gives each back by a compare-and-swap; this one gives it back by a store. Who finds it taken waits actively for a
// moment, and then yields, as LLVM's StaticSpinMutex does (sanitizer_mutex.cpp): what is done under them is short, but for a
// report and for the detector's beginning anew. Readers exclude each other, and no thread takes the same lock twice.
//
// A store that gives a lock back is no barrier, which the compare-and-swap was. Go's atomic stores had relied on it, since the
// detector makes them with mo_release; build.sh has them made with mo_seq_cst.
//
// Put where sanitizer_mutex.h says what Lock is, inside of namespace __sanitizer; so there are no includes. The size is that of
// Mutex, so that all stays where the probe finds it.

class RedflagLock {
public:
	explicit constexpr RedflagLock(MutexType = MutexUnchecked) {}
	ALWAYS_INLINE void Lock() {
		if (UNLIKELY(!Try()))
			Wait();
	}
	ALWAYS_INLINE void Unlock() { atomic_store(&taken_, 0, memory_order_release); }
	ALWAYS_INLINE void ReadLock() { Lock(); }
	ALWAYS_INLINE void ReadUnlock() { Unlock(); }
	void CheckLocked() const { CHECK(atomic_load_relaxed(&taken_)); }

private:
	static constexpr int kPauses = 100;

	bool Try() { return atomic_exchange(&taken_, 1, memory_order_acquire) == 0; }
	NOINLINE void Wait() {
		for (int i = 0;; i++) {
			if (i < kPauses)
				proc_yield(1);
			else
				internal_sched_yield();
			if (atomic_load_relaxed(&taken_) == 0 && Try())
				return;
		}
	}

	atomic_uint32_t taken_ = {0};
	u32 unused_[3] = {};
};

static_assert(sizeof(RedflagLock) == sizeof(Mutex), "the layout of what has one doesn't change");

// `Lock lock(&s->mtx)` for either kind.
template <class M>
struct Lock : GenericScopedLock<M> {
	ALWAYS_INLINE explicit Lock(M *m) : GenericScopedLock<M>(m) {}
};
template <class M>
struct ReadLock : GenericScopedReadLock<M> {
	ALWAYS_INLINE explicit ReadLock(M *m) : GenericScopedReadLock<M>(m) {}
};
template <class M>
struct RWLock : GenericScopedRWLock<M> {
	ALWAYS_INLINE explicit RWLock(M *m, bool write) : GenericScopedRWLock<M>(m, write) {}
};
