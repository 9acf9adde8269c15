using System.Globalization;
using Drover.Brokers;

namespace Drover.Jobs;

/// <summary>Gathers what is wrong, by field. Costs nothing while all is well.</summary>
internal sealed class FieldErrors(bool batch)
{
    private const int MaxFields = 100;
    private Dictionary<string, List<string>>? _reasons;

    /// <summary>Which job of a batch the next errors are about.</summary>
    public int Index { get; set; }

    /// <summary>Enough was found for somebody to see what is wrong.</summary>
    public bool IsFull => _reasons?.Count >= MaxFields;

    public void Add(string field, string reason)
    {
        string name = batch && field is not ("jobs" or "idempotency_key") ? string.Create(CultureInfo.InvariantCulture, $"jobs[{Index}].{field}") : field;
        _reasons ??= new(StringComparer.Ordinal);
        if (!_reasons.TryGetValue(name, out var reasons))
            _reasons.Add(name, reasons = []);
        if (!reasons.Contains(reason))
            reasons.Add(reason);
    }

    public void Range(string field, int value, int min, int max)
    {
        if (value < min || value > max)
            Add(field, string.Create(CultureInfo.InvariantCulture, $"Must be {min} to {max}."));
    }

    public void Range(string field, TimeSpan value, TimeSpan min, TimeSpan max, string more = "")
    {
        if (value < min || value > max)
            Add(field, string.Create(CultureInfo.InvariantCulture, $"Must be {min.TotalSeconds} to {max.TotalSeconds} seconds{more}."));
    }

    /// <summary>One line of text that people and logs can show: not empty, no control characters.</summary>
    public void Line(string field, string? value, int maxLength)
    {
        if (value is null || value.Length == 0 || value.Length > maxLength)
            Add(field, string.Create(CultureInfo.InvariantCulture, $"Must be 1 to {maxLength} characters."));
        else if (value.AsSpan().ContainsAnyInRange('\0', '\x1f') || value.Contains('\x7f') || !IsUnicode(value))
            Add(field, "Must not contain control characters or halves of surrogate pairs.");
    }

    /// <summary>Text that reaches a program as an argument or a variable, where a NUL would end it.</summary>
    public void Argument(string field, string value)
    {
        if (value.Contains('\0'))
            Add(field, "Must not contain NUL.");
        Text(field, value);
    }

    /// <summary>Text that can be written as UTF-8.</summary>
    public void Text(string field, string value)
    {
        if (!IsUnicode(value))
            Add(field, "Must not contain halves of surrogate pairs.");
    }

    public void ThrowIfAny()
    {
        if (_reasons is not null)
            throw new JobValidationException(_reasons.ToDictionary(r => r.Key, r => r.Value.ToArray(), StringComparer.Ordinal));
    }

    private static bool IsUnicode(string value)
    {
        if (!value.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return true;
        for (int i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i]))
                continue;
            if (i + 1 == value.Length || !char.IsSurrogatePair(value[i], value[i + 1]))
                return false;
            i++;
        }

        return true;
    }
}
