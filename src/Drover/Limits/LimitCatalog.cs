using System.Text.Json;
using System.Text.Json.Serialization;
using Drover.Catalog;

namespace Drover.Limits;

/// <summary>The limits that people set, as documents of the catalog, by limit key.</summary>
/// <param name="catalog">Where they are kept.</param>
public sealed class LimitCatalog(ICatalog catalog)
{
    private const string Kind = "limit";

    /// <summary>A limit was changed through this object; a keeper in the same process need not wait to see it.</summary>
    internal event Action? Changed;

    /// <inheritdoc cref="ICatalog.Watch"/>
    internal IDisposable? Watch(Action changed) => catalog.Watch(Kind, changed);

    /// <summary>Every limit, by key.</summary>
    public async ValueTask<IReadOnlyDictionary<string, JobLimit>> AllAsync(CancellationToken cancel = default) =>
        (await catalog.ListAsync(Kind, cancel)).ToDictionary(document => document.Id, Read, StringComparer.Ordinal);

    /// <summary>Sets a limit in place of the one that the key has.</summary>
    /// <exception cref="Brokers.JobValidationException">It breaks a rule.</exception>
    public async ValueTask SetAsync(string key, JobLimit limit, CancellationToken cancel = default)
    {
        limit.Validate(key);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(
            new(limit.MaxRunning, limit.Rate?.Count, limit.Rate?.Per.Ticks), LimitJson.Default.LimitRecord);
        while (true)
        {
            try
            {
                if (await catalog.GetAsync(Kind, key, cancel) is { } present)
                    await catalog.UpdateAsync(present with { Json = json }, cancel);
                else
                    await catalog.CreateAsync(new(Kind, key, NameOf(key), 0, json), cancel);
                Changed?.Invoke();
                return;
            }
            catch (CatalogConflictException)
            {
                // Somebody else set or lifted it in between.
            }
        }
    }

    /// <summary>Lifts a limit; false when there is none.</summary>
    public async ValueTask<bool> LiftAsync(string key, CancellationToken cancel = default)
    {
        while (await catalog.GetAsync(Kind, key, cancel) is { } present)
        {
            if (!await catalog.DeleteAsync(Kind, key, present.Version, cancel))
                continue;
            Changed?.Invoke();
            return true;
        }

        return false;
    }

    // Names are compared without regard to case, keys are not.
    private static string NameOf(string key) => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(key));

    private static JobLimit Read(CatalogDocument document)
    {
        var record = JsonSerializer.Deserialize(document.Json.Span, LimitJson.Default.LimitRecord)!;
        return new(record.MaxRunning, record.Count is { } count ? new(count, new(record.PerTicks ?? TimeSpan.TicksPerSecond)) : null);
    }
}

internal sealed record LimitRecord(int? MaxRunning, int? Count, long? PerTicks);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LimitRecord))]
internal sealed partial class LimitJson : JsonSerializerContext;
