//! Every bound of the engine and of the server.

/// Longest key.
pub const KEY_MAX_BYTES: usize = 255;
/// Longest value, unless the options say otherwise.
pub const VALUE_MAX_BYTES: usize = 8 << 20;
/// Most arguments of a command, its name included.
pub const ARGUMENTS_MAX: usize = 1024;
/// The most that the options can say for it. A connection holds a whole command in memory.
pub const VALUE_LIMIT_BYTES: usize = 64 << 20;
/// What a command may have as it travels beside one value of the longest kind: keys, and shorter values.
pub const FRAME_OVERHEAD_MAX_BYTES: usize = 1 << 20;
/// Longest command that is a line of words.
pub const INLINE_MAX_BYTES: usize = 64 << 10;
/// Longest `*N` or `$N` line; a number of more digits is refused anyway.
pub const HEADER_LINE_MAX_BYTES: usize = 32;
/// Longest name of a namespace.
pub const NAMESPACE_NAME_MAX_BYTES: usize = 128;
/// Longest password.
pub const PASSWORD_MAX_BYTES: usize = 128;
/// Longest password that SELECT looks at; a longer one is told so, as 0-db does.
pub const SELECT_PASSWORD_MAX_BYTES: usize = 255;
/// Longest owner id of a MASTER's command.
pub const OWNER_ID_MAX_BYTES: usize = 32;
/// Longest property name of NSSET.
pub const PROPERTY_MAX_BYTES: usize = 256;
/// Longest property value of NSSET. 0-db allows 63, which is one less than a password in hex.
pub const PROPERTY_VALUE_MAX_BYTES: usize = 128;
/// Longest client name.
pub const CLIENT_NAME_MAX_BYTES: usize = 128;
/// Most namespaces of a store.
pub const NAMESPACES_MAX: usize = 65_536;
/// Connections at once, unless the options say otherwise.
pub const CONNECTIONS_DEFAULT: usize = 1024;
/// The most bytes of values that one MGET answers. One value of the longest kind fits.
pub const REPLY_MAX_BYTES: usize = VALUE_LIMIT_BYTES + (1 << 20);
/// Replies are sent as soon as they fill this much, even within a pipeline.
pub const OUTPUT_FLUSH_BYTES: usize = 1 << 20;
/// What a connection's output buffer shrinks to when it is sent.
pub const OUTPUT_KEEP_BYTES: usize = 64 << 10;
/// What a thread's read buffer and a namespace's write buffer shrink to.
pub const SCRATCH_KEEP_BYTES: usize = 1 << 20;
/// What a thread reads from a connection at once.
pub const READ_SCRATCH_BYTES: usize = 128 << 10;
/// What a thread reads from one connection before the others get their turn.
pub const READ_TURN_BYTES: usize = 1 << 20;
/// The smallest piece by which the buffer of an unfinished command grows.
pub const READ_CHUNK_BYTES: usize = 16 << 10;
/// Memory for records that are read or written often, unless the options say otherwise; half of it for long ones.
pub const CACHE_BYTES_DEFAULT: usize = 256 << 20;
/// Values from this length on are not copied before they are written.
pub const DIRECT_BYTES: usize = 32 << 10;
/// Records that wait in memory for their write call, per namespace.
pub const PENDING_MAX_BYTES: usize = 1 << 20;
/// A segment is left for the next one when it is this long, unless the options say otherwise.
pub const SEGMENT_BYTES_DEFAULT: u64 = 256 << 20;
/// The longest segment: an offset must fit in 32 bits.
pub const SEGMENT_BYTES_MAX: u64 = 2 << 30;
/// What may wait for a mirror that receives slower than others send.
pub const MIRROR_PENDING_MAX_BYTES: usize = 64 << 20;
/// Segments of a namespace: a number must fit in 24 bits.
pub const SEGMENTS_MAX: u32 = (1 << 24) - 1;
/// Ids that another store issued are below this: those that follow are issued here.
pub const ID_RESTORED_MAX: u64 = 1 << 48;
/// Sequences and ordinals of a namespace are below this: no log gets so long, so counting on from any of them cannot overflow.
pub const NUMBERS_MAX: u64 = 1 << 62;
/// Time that one SCAN takes before it answers what it has.
pub const SCAN_TIME_US: u64 = 2000;
/// Time that one KSCAN takes before it answers what it has and where to go on.
pub const KSCAN_TIME_MS: u64 = 100;
/// Entries of one SCAN reply.
pub const SCAN_ENTRIES_MAX: usize = 8192;
/// Keys that one removal names: eight bytes of memory each and what a set of them costs.
pub const REMOVAL_KEYS_MAX: usize = 4 << 20;
/// Writers that keep removals of a namespace from being signed for.
pub const HOLDS_MAX: usize = 1024;
/// Longest token of a hold.
pub const HOLD_TOKEN_MAX_BYTES: usize = 64;
/// The longest time that a hold lasts before it has to be renewed.
pub const HOLD_MAX_SECONDS: u64 = 120;
/// Entries of one NSLEAVES reply.
pub const LEAVES_ENTRIES_MAX: usize = 1024;
/// Bytes of records that one NSLEAVES reads; its reply has a sixteenth of them.
pub const LEAVES_READ_BYTES: u64 = 16 << 20;
