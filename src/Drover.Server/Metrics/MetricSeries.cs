namespace Drover.Server.Metrics;

/// <summary>One line, or for a histogram one group of lines: a metric under one set of labels.</summary>
internal sealed class MetricSeries(string labels, double[] bounds)
{
    private readonly Lock _gate = new();
    private readonly long[] _buckets = bounds.Length == 0 ? [] : new long[bounds.Length + 1];
    private double _sum;
    private long _count;

    /// <summary><c>queue="default",outcome="completed"</c>.</summary>
    public string Labels => labels;

    public void Add(double value)
    {
        lock (_gate)
            _sum += value;
    }

    public void Reset()
    {
        lock (_gate)
            _sum = 0;
    }

    public void Observe(double value)
    {
        int bucket = Array.BinarySearch(bounds, value);
        lock (_gate)
        {
            _buckets[bucket < 0 ? ~bucket : bucket]++;
            _sum += value;
            _count++;
        }
    }

    public (double Sum, long Count, long[] Buckets) Read()
    {
        lock (_gate)
            return (_sum, _count, [.. _buckets]);
    }
}
