namespace Drover.Output;

/// <summary>Where a piece of output comes from. The numbers are stored; never change them.</summary>
public enum OutputStream : byte
{
    /// <summary>The process's standard output, or a handler's lines.</summary>
    Stdout = 1,

    /// <summary>The process's standard error.</summary>
    Stderr = 2,

    /// <summary>What Drover itself has to say about the run ("a background process still holds the output"). UTF-8 text, no newline at the end.</summary>
    System = 3,

    /// <summary>Output was dropped here because the job printed more than is kept; see <see cref="OutputEntry.DroppedBytes"/>.</summary>
    Gap = 4,
}

/// <summary>
/// A piece of a job's output: bytes as they came, in whole or partial lines. A UTF-8 sequence is not split between
/// two entries of a stream unless it is invalid.
/// </summary>
/// <param name="Seq">Rises by at least 1 from entry to entry through all attempts of the job; the first is 1.</param>
/// <param name="At">When the bytes were read.</param>
/// <param name="Attempt">The attempt that printed them.</param>
/// <param name="Stream">Where they come from.</param>
/// <param name="Bytes">The bytes; empty for a gap. At most <see cref="MaxBytes"/>.</param>
/// <param name="DroppedBytes">For a gap, how many bytes were dropped; else 0.</param>
public readonly record struct OutputEntry(
    long Seq, DateTimeOffset At, int Attempt, OutputStream Stream, ReadOnlyMemory<byte> Bytes, long DroppedBytes = 0)
{
    /// <summary>The most bytes in one entry: 64 KiB.</summary>
    public const int MaxBytes = 64 * 1024;
}

/// <summary>
/// Tells the store to drop entries in the middle of an attempt's output, so that its head and its tail remain. All the
/// entries with <paramref name="FromSeq"/> ≤ seq &lt; <paramref name="ToSeq"/> go (those never sent are simply not
/// there) and one gap entry with seq <paramref name="FromSeq"/> stands in their place. A later trim of the attempt has
/// the same <paramref name="FromSeq"/> and replaces the gap entry.
/// </summary>
/// <param name="FromSeq">The first seq dropped; the gap's own seq.</param>
/// <param name="ToSeq">The first seq kept again.</param>
/// <param name="DroppedBytes">How many bytes the attempt has dropped in all.</param>
/// <param name="At">When.</param>
public sealed record OutputTrim(long FromSeq, long ToSeq, long DroppedBytes, DateTimeOffset At);

/// <summary>Which part of a job's output.</summary>
/// <param name="JobId">The job.</param>
/// <param name="After">Only entries with a greater seq; 0 for all.</param>
/// <param name="Stream">Only this stream, and the gaps; null for all.</param>
/// <param name="Attempt">Only this attempt; null for all.</param>
/// <param name="Limit">At most this many entries; 1 to 10,000.</param>
/// <param name="Last">The last entries instead of the first: a viewer opens at the tail.</param>
/// <param name="Before">Only entries with a smaller seq; null for all.</param>
public sealed record OutputQuery(
    Guid JobId, long After = 0, OutputStream? Stream = null, int? Attempt = null, int Limit = 1000, bool Last = false, long? Before = null)
{
    /// <summary>A page ends early, but never empty, when it holds this many bytes: 4 MiB.</summary>
    public const int MaxPageBytes = 4 * 1024 * 1024;
}

/// <summary>A page of output.</summary>
/// <param name="Entries">In order of seq.</param>
/// <param name="Next">What to pass as <see cref="OutputQuery.After"/> to go on: the last entry's seq, or what was asked when there is none.</param>
/// <param name="Complete">No entry will ever follow: the job (or the attempt asked for) has ended and this page reaches the end.</param>
public sealed record OutputPage(IReadOnlyList<OutputEntry> Entries, long Next, bool Complete);
