using System.Text;
using Drover.Catalog;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Catalog;

/// <summary>What every catalog and audit log must do, by the sentences of <see cref="ICatalog"/> and <see cref="IAuditLog"/>.</summary>
public abstract class CatalogConformance : IAsyncLifetime
{
    private readonly TestClock _clock = new();
    private StoreHome _home = null!;
    private OpenStore _store = null!;

    protected abstract StoreHome NewHome();

    private ICatalog Catalog => _store.Catalog;

    private IAuditLog Audit => _store.Audit;

    public async ValueTask InitializeAsync()
    {
        _home = NewHome();
        _store = await _home.OpenAsync(new(), _clock);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.CloseAsync();
        await _home.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private async Task RestartAsync()
    {
        await _store.CloseAsync();
        _store = await _home.OpenAsync(new(), _clock);
    }

    private static CatalogDocument Document(string id, string name, string kind = "server", string json = "{}") =>
        new(kind, id, name, 0, Encoding.UTF8.GetBytes(json));

    private static void AssertDocument(CatalogDocument expected, CatalogDocument? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected with { Json = default }, actual with { Json = default });
        Assert.Equal(expected.Json.ToArray(), actual.Json.ToArray());
    }

    [Fact]
    public async Task A_created_document_is_there_after_a_restart()
    {
        var document = Document("1", "Web 1", json: "{\"a\":\"é \\u0000\"}");
        var created = await Catalog.CreateAsync(document with { Version = 77 });
        AssertDocument(document with { Version = 1, UpdatedAt = _clock.GetUtcNow() }, created);
        await RestartAsync();
        AssertDocument(created, await Catalog.GetAsync("server", "1"));
        AssertDocument(created, await Catalog.FindAsync("server", "Web 1"));
    }

    [Fact]
    public async Task A_document_is_found_by_its_name_whatever_its_case()
    {
        var created = await Catalog.CreateAsync(Document("1", "Web-1"));
        AssertDocument(created, await Catalog.FindAsync("server", "wEB-1"));
        Assert.Null(await Catalog.FindAsync("server", "web-2"));
        Assert.Null(await Catalog.FindAsync("key", "Web-1"));
        Assert.Null(await Catalog.GetAsync("key", "1"));
        Assert.Null(await Catalog.GetAsync("server", "Web-1"));
    }

    [Fact]
    public async Task Documents_are_listed_by_name()
    {
        foreach (string name in new[] { "b", "C", "a", "A2" })
            await Catalog.CreateAsync(Document("id-" + name, name));
        await Catalog.CreateAsync(Document("id-a", "a", kind: "key"));
        Assert.Equal(["a", "A2", "b", "C"], (await Catalog.ListAsync("server")).Select(d => d.Name));
        Assert.Single(await Catalog.ListAsync("key"));
        Assert.Empty(await Catalog.ListAsync("token"));
    }

    [Fact]
    public async Task A_taken_id_or_name_is_a_conflict_within_its_kind()
    {
        await Catalog.CreateAsync(Document("1", "web"));
        Assert.True((await Assert.ThrowsAsync<CatalogConflictException>(async () => await Catalog.CreateAsync(Document("2", "WEB")))).NameTaken);
        Assert.False((await Assert.ThrowsAsync<CatalogConflictException>(async () => await Catalog.CreateAsync(Document("1", "other")))).NameTaken);
        await Catalog.CreateAsync(Document("1", "web", kind: "key"));
        Assert.Equal("web", Assert.Single(await Catalog.ListAsync("server")).Name);
    }

    [Fact]
    public async Task An_update_needs_the_present_version_and_raises_it()
    {
        var first = await Catalog.CreateAsync(Document("1", "web"));
        _clock.Advance(TimeSpan.FromMinutes(1));
        var second = await Catalog.UpdateAsync(first with { Name = "web-2", Json = "[2]"u8.ToArray() });
        AssertDocument(first with { Name = "web-2", Version = 2, Json = "[2]"u8.ToArray(), UpdatedAt = _clock.GetUtcNow() }, second);
        Assert.False((await Assert.ThrowsAsync<CatalogConflictException>(async () => await Catalog.UpdateAsync(first))).NameTaken);
        await RestartAsync();
        AssertDocument(second, await Catalog.FindAsync("server", "web-2"));
        Assert.Null(await Catalog.FindAsync("server", "web"));
        // Its own name in another case is its own.
        Assert.Equal(3, (await Catalog.UpdateAsync(second with { Name = "WEB-2" })).Version);
    }

    [Fact]
    public async Task An_update_to_another_documents_name_is_a_conflict_and_changes_nothing()
    {
        await Catalog.CreateAsync(Document("1", "web"));
        var other = await Catalog.CreateAsync(Document("2", "db"));
        Assert.True((await Assert.ThrowsAsync<CatalogConflictException>(async () => await Catalog.UpdateAsync(other with { Name = "Web" }))).NameTaken);
        AssertDocument(other, await Catalog.GetAsync("server", "2"));
    }

    [Fact]
    public async Task An_update_of_a_missing_document_is_a_conflict() =>
        Assert.False((await Assert.ThrowsAsync<CatalogConflictException>(async () => await Catalog.UpdateAsync(Document("1", "web") with { Version = 1 }))).NameTaken);

    [Fact]
    public async Task A_delete_needs_the_present_version()
    {
        var document = await Catalog.CreateAsync(Document("1", "web"));
        Assert.False(await Catalog.DeleteAsync("server", "1", 2));
        Assert.False(await Catalog.DeleteAsync("key", "1", 1));
        Assert.True(await Catalog.DeleteAsync("server", "1", 1));
        Assert.False(await Catalog.DeleteAsync("server", "1", 1));
        await RestartAsync();
        Assert.Null(await Catalog.GetAsync("server", "1"));
        await Assert.ThrowsAsync<CatalogConflictException>(async () => await Catalog.UpdateAsync(document));
        Assert.Equal(1, (await Catalog.CreateAsync(Document("2", "WEB"))).Version);
    }

    [Fact]
    public async Task A_name_is_taken_once_by_concurrent_callers()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(n => Task.Run(() => DoneAsync(() => Catalog.CreateAsync(Document($"{n}", "web"))))));
        Assert.Single(results, done => done);
        Assert.Single(await Catalog.ListAsync("server"));
    }

    [Fact]
    public async Task A_version_is_updated_once_by_concurrent_callers()
    {
        var document = await Catalog.CreateAsync(Document("1", "web"));
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(n => Task.Run(() => DoneAsync(() => Catalog.UpdateAsync(document with { Name = $"web-{n}" })))));
        Assert.Single(results, done => done);
        Assert.Equal(2, (await Catalog.GetAsync("server", "1"))!.Version);
    }

    [Fact]
    public async Task A_buffer_may_be_written_over_by_its_owner_after_it_was_stored()
    {
        byte[] buffer = "[1]"u8.ToArray();
        await Catalog.CreateAsync(Document("1", "web") with { Json = buffer });
        buffer[1] = (byte)'9';
        Assert.Equal("[1]"u8.ToArray(), (await Catalog.GetAsync("server", "1"))!.Json.ToArray());
    }

    [Fact]
    public async Task Audit_events_are_listed_latest_first_in_pages()
    {
        var events = Enumerable.Range(1, 7).Select(n => new AuditEvent(0, _clock.GetUtcNow().AddMilliseconds(n), "ada", n % 2 == 0 ? null : "127.0.0.1",
            "job.create", n % 3 == 0 ? null : $"job {n}", n % 3 == 1 ? null : "ünï\ncode")).ToList();
        await Audit.AppendAsync(events.Take(3).ToList());
        await Audit.AppendAsync(events.Skip(3).ToList());
        await RestartAsync();

        var first = await Audit.ListAsync(null, 3);
        var second = await Audit.ListAsync(first[^1].Id, 500);
        var listed = first.Concat(second).ToList();
        Assert.Equal((3, 4), (first.Count, second.Count));
        Assert.Equal(listed.Select(e => e.Id).OrderDescending(), listed.Select(e => e.Id));
        Assert.Equal(Enumerable.Reverse(events), listed.Select(e => e with { Id = 0 }));
        Assert.Empty(await Audit.ListAsync(second[^1].Id, 1));
    }

    [Fact]
    public async Task Audit_events_of_concurrent_callers_are_all_stored()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(n => Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
                await Audit.AppendAsync([new(0, _clock.GetUtcNow(), $"{n}", null, "test", $"{i}", null)]);
        })));
        var listed = await Audit.ListAsync(null, 500);
        Assert.Equal(160, listed.Select(e => (e.Actor, e.Subject)).Distinct().Count());
        Assert.Equal(160, listed.Select(e => e.Id).Distinct().Count());
    }

    private static async Task<bool> DoneAsync(Func<ValueTask<CatalogDocument>> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (CatalogConflictException)
        {
            return false;
        }
    }
}
