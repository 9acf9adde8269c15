using Drover.Brokers;

namespace Drover.Server.Problems;

/// <summary>Gathers what is wrong with a request, by field.</summary>
internal sealed class Errors
{
    private const int MaxFields = 100;
    private Dictionary<string, List<string>>? _reasons;

    public bool Any => _reasons is not null;

    /// <summary>Enough was found for somebody to see what is wrong.</summary>
    public bool IsFull => _reasons?.Count >= MaxFields;

    /// <summary>What stands before each field's name: <c>jobs[3].</c>.</summary>
    public string Prefix { get; set; } = "";

    public void Add(string field, string reason)
    {
        _reasons ??= new(StringComparer.Ordinal);
        if (!_reasons.TryGetValue(Prefix + field, out var reasons))
            _reasons.Add(Prefix + field, reasons = []);
        reasons.Add(reason);
    }

    /// <exception cref="JobValidationException">Something is wrong.</exception>
    public void ThrowIfAny()
    {
        if (_reasons is not null)
            throw new JobValidationException(_reasons.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray(), StringComparer.Ordinal));
    }

    /// <summary>One thing is wrong.</summary>
    public static JobValidationException Of(string field, string reason) =>
        new(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [reason] });
}
