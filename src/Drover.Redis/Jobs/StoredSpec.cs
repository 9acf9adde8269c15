using System.Globalization;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Redis.Jobs;

/// <summary>What never changes of a job, as field <c>spec</c> of <c>prelude.lua</c> describes it.</summary>
internal readonly record struct StoredSpec(Guid Id, DateTimeOffset CreatedAt, string Line, JobSpec Spec)
{
    /// <summary>Payloads up to this many bytes stand in it; others are stored beside it.</summary>
    private const int SmallPayload = 1024;

    /// <summary>The line that a job waits in; all of one line are equal for a worker.</summary>
    public static string LineOf(JobSpec spec, int priority) =>
        string.Create(CultureInfo.InvariantCulture, $"{spec.Queue}\n{JobRules.NeedsOf(spec)}\n{JobRules.LimitKeyOf(spec)}\n{priority}");

    /// <summary>A payload that is stored beside the spec; empty when it stands in it.</summary>
    public static ReadOnlyMemory<byte> LargePayloadOf(JobSpec spec) => spec.Task is { Payload: { Length: > SmallPayload } payload } ? payload : default;

    /// <param name="id">The job's id.</param>
    /// <param name="created">When it is accepted, as <see cref="StoredTime"/> writes it.</param>
    /// <param name="indexes">The names of its indexes.</param>
    /// <param name="line">The line that it waits in.</param>
    /// <param name="spec">The job.</param>
    public static byte[] Write(Guid id, string created, IReadOnlyList<string> indexes, string line, JobSpec spec)
    {
        var packed = new PackedWriter().List(6).Bytes(id.ToByteArray(bigEndian: true)).Text(created).List(indexes.Count);
        foreach (string index in indexes)
            packed.Text(index);
        return packed.Text(line).Bytes(SpecJson.Write(spec)).Bytes(spec.Task is { Payload: { Length: <= SmallPayload } payload } ? payload.Span : default).ToArray();
    }

    public static StoredSpec Read(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> largePayload)
    {
        var packed = new PackedReader(bytes);
        packed.List();
        var id = new Guid(packed.Bytes(), bigEndian: true);
        var created = StoredTime.Read(packed.Bytes())!.Value;
        for (int indexes = packed.List(); indexes > 0; indexes--)
            packed.Bytes();
        string line = packed.Text();
        var json = packed.Bytes();
        var payload = packed.Bytes();
        return new(id, created, line, SpecJson.Read(json, largePayload.IsEmpty ? payload : largePayload));
    }
}
