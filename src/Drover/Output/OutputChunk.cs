using System.Buffers;

namespace Drover.Output;

/// <summary>Output on its way: becomes one <see cref="OutputEntry"/>. Its bytes lie in a pooled array that grows as needed.</summary>
internal sealed class OutputChunk(OutputStream stream, DateTimeOffset at, int sizeHint)
{
    private const int SmallestArray = 256;

    // Each entry costs something whatever its size, so that a job that prints byte by byte stays within its bounds as well.
    private const int LeastCost = 128;

    private byte[] _array = ArrayPool<byte>.Shared.Rent(Math.Max(SmallestArray, sizeHint));

    public OutputStream Stream => stream;

    public DateTimeOffset At => at;

    public int Length { get; private set; }

    public int Cost => CostOf(Length);

    /// <summary>Set when the chunk is complete.</summary>
    public long Seq { get; set; }

    public ReadOnlySpan<byte> Span => _array.AsSpan(0, Length);

    public static int CostOf(int length) => Math.Max(LeastCost, length);

    public OutputEntry ToEntry(int attempt) => new(Seq, at, attempt, stream, _array.AsMemory(0, Length));

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (Length + bytes.Length > _array.Length)
            Grow(Length + bytes.Length);
        bytes.CopyTo(_array.AsSpan(Length));
        Length += bytes.Length;
    }

    public void CutTo(int length) => Length = length;

    /// <summary>Gives the array back; nobody may still read it.</summary>
    public void Free()
    {
        ArrayPool<byte>.Shared.Return(_array);
        (_array, Length) = ([], 0);
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Min(_array.Length * 2, OutputEntry.MaxBytes)));
        Span.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
    }
}
