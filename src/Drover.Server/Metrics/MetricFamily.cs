using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Drover.Server.Metrics;

/// <summary>A metric with all its series, named as Prometheus wants it: <c>drover.output.bytes</c> becomes <c>drover_output_bytes_total</c>.</summary>
internal sealed class MetricFamily
{
    private const int MaxSeries = 2000;
    private const string Overflow = "overflow=\"true\"";

    private static readonly double[] DefaultBounds =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

    private static readonly SearchValues<char> Escaped = SearchValues.Create("\\\"\n");

    /// <summary>Of what ASP.NET says about a request, what is worth a series.</summary>
    private static readonly string[] RequestLabels = ["http.request.method", "http.route", "http.response.status_code"];

    private readonly string _name;
    private readonly string _help;
    private readonly string _type;
    private readonly double[] _bounds;
    private readonly bool _isRequest;
    private readonly ConcurrentDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MetricSeries>.AlternateLookup<ReadOnlySpan<char>> _bySpan;

    public MetricFamily(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        IsHistogram = type == typeof(Histogram<>);
        IsAsked = instrument.IsObservable;
        bool isCounter = type == typeof(Counter<>) || type == typeof(ObservableCounter<>);
        _type = IsHistogram ? "histogram" : isCounter ? "counter" : "gauge";
        _help = instrument.Description ?? "";
        _bounds = IsHistogram ? DefaultBounds : [];
        _isRequest = instrument.Meter.Name == "Microsoft.AspNetCore.Hosting";
        _name = NameOf(instrument.Name, instrument.Unit, isCounter);
        _bySpan = _series.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public bool IsHistogram { get; }

    /// <summary>Whether it tells its value when it is asked, in place of each change.</summary>
    public bool IsAsked { get; }

    public string Name => _name;

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = SeriesOf(tags);
        if (IsHistogram)
            series.Observe(value);
        else
            series.Add(value);
    }

    /// <summary>Begins anew, for instruments that are asked for their value.</summary>
    public void Reset()
    {
        foreach (var series in _series.Values)
            series.Reset();
    }

    public void WriteTo(StringBuilder text)
    {
        if (_series.IsEmpty)
            return;
        text.Append("# HELP ").Append(_name).Append(' ').Append(_help.Replace("\n", " ", StringComparison.Ordinal)).Append('\n');
        text.Append("# TYPE ").Append(_name).Append(' ').Append(_type).Append('\n');
        foreach (var series in _series.Values.OrderBy(s => s.Labels, StringComparer.Ordinal))
        {
            var (sum, count, buckets) = series.Read();
            if (!IsHistogram)
            {
                Line(text, "", series.Labels, sum);
                continue;
            }

            long below = 0;
            string more = series.Labels.Length == 0 ? "" : series.Labels + ",";
            for (int i = 0; i < buckets.Length; i++)
            {
                below += buckets[i];
                string bound = i < _bounds.Length ? _bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                Line(text, "_bucket", $"{more}le=\"{bound}\"", below);
            }

            Line(text, "_sum", series.Labels, sum);
            Line(text, "_count", series.Labels, count);
        }
    }

    private void Line(StringBuilder text, string suffix, string labels, double value)
    {
        text.Append(_name).Append(suffix);
        if (labels.Length > 0)
            text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private MetricSeries SeriesOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Span<char> buffer = stackalloc char[512];
        if (TryWriteLabels(tags, buffer, out int length) && _bySpan.TryGetValue(buffer[..length], out var series))
            return series;
        // Whatever sends a new queue name with each job must not grow this without end.
        string labels = _series.Count >= MaxSeries || length < 0 ? Overflow : new(buffer[..length]);
        return _series.GetOrAdd(labels, l => new(l, _bounds));
    }

    private bool TryWriteLabels(ReadOnlySpan<KeyValuePair<string, object?>> tags, Span<char> buffer, out int length)
    {
        length = 0;
        foreach (var (name, value) in tags)
        {
            if (_isRequest && !RequestLabels.Contains(name))
                continue;
            ReadOnlySpan<char> text = value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            if (text.ContainsAny(Escaped))
                text = text.ToString().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            if (!buffer[length..].TryWrite($"{(length > 0 ? "," : "")}{Clean(name)}=\"{text}\"", out int written))
            {
                length = -1;
                return false;
            }

            length += written;
        }

        return true;
    }

    private static string Clean(string name) => name.AsSpan().ContainsAny('.', '-') ? name.Replace('.', '_').Replace('-', '_') : name;

    private static string NameOf(string name, string? unit, bool isCounter)
    {
        name = Clean(name);
        string word = unit switch { "s" => "seconds", "By" => "bytes", _ => "" };
        if (word.Length > 0 && !name.EndsWith(word, StringComparison.Ordinal))
            name = $"{name}_{word}";
        return isCounter ? name + "_total" : name;
    }
}
