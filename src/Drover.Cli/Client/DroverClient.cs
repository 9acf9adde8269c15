using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Drover.Server.Contracts;
using Drover.Server.Json;

namespace Drover.Cli.Client;

/// <summary>The REST API of a Drover.</summary>
internal sealed class DroverClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _url;

    public DroverClient(ClientTarget target)
    {
        _url = target.Url;
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(10) })
        {
            BaseAddress = new Uri(target.Url, "/api/v1/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (target.Token is { } token)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("drover-cli/" + Version.Text);
    }

    public Task<T> GetAsync<T>(string path, CancellationToken cancel) => SendAsync<T>(new(HttpMethod.Get, path), cancel);

    public Task<T> PostAsync<T>(string path, CancellationToken cancel) => SendAsync<T>(new(HttpMethod.Post, path), cancel);

    public Task<T> SendAsync<TBody, T>(HttpMethod method, string path, TBody body, CancellationToken cancel) =>
        SendAsync<T>(new(method, path) { Content = JsonContent.Create(body, TypeInfo<TBody>()) }, cancel);

    /// <summary>A POST whose answer has no body.</summary>
    public async Task PostAsync(string path, CancellationToken cancel)
    {
        using var answer = await AnswerAsync(new(HttpMethod.Post, path), cancel);
    }

    public async Task DeleteAsync(string path, CancellationToken cancel)
    {
        using var answer = await AnswerAsync(new(HttpMethod.Delete, path), cancel);
    }

    public async Task<T> SendAsync<T>(HttpRequestMessage request, CancellationToken cancel)
    {
        using var answer = await AnswerAsync(request, cancel);
        try
        {
            return (await answer.Content.ReadFromJsonAsync(TypeInfo<T>(), cancel))!;
        }
        catch (JsonException)
        {
            throw new ApiException((int)answer.StatusCode, new ProblemBody { Title = "", Status = 0, Detail = $"What {_url} answers is not Drover's; is the address right?" });
        }
    }

    /// <summary>A job's output from a point on, as it comes, to its end; reconnects without a gap or a repeat when the connection breaks.</summary>
    public async IAsyncEnumerable<LogItem> FollowAsync(Guid id, long after, int? attempt, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (int failures = 0; ;)
        {
            await using var items = ReadOnceAsync(id, after, attempt, cancel).GetAsyncEnumerator(cancel);
            bool broken = false;
            while (!broken)
            {
                LogItem? item = null;
                try
                {
                    if (await items.MoveNextAsync())
                        item = items.Current;
                }
                catch (Exception cut) when (cut is IOException or HttpRequestException or UnreachableException && failures < 30)
                {
                    // Drover may be restarting: what was printed meanwhile is read from where we were.
                }

                if (item is null)
                {
                    broken = true;
                    continue;
                }

                failures = 0;
                after = item.Entry?.Seq ?? after;
                yield return item;
                if (item.End is not null)
                    yield break;
            }

            failures++;
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(200 * failures, 2000)), TimeProvider.System, cancel);
        }
    }

    /// <summary>A body byte for byte.</summary>
    public async Task CopyAsync(string path, Stream to, CancellationToken cancel)
    {
        using var answer = await AnswerAsync(new(HttpMethod.Get, path), cancel);
        await answer.Content.CopyToAsync(to, cancel);
    }

    public void Dispose() => _http.Dispose();

    private async IAsyncEnumerable<LogItem> ReadOnceAsync(Guid id, long after, int? attempt, [EnumeratorCancellation] CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{id}/logs?follow=true&encoding=base64&after={after}" + (attempt is { } n ? $"&attempt={n}" : ""));
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var answer = await AnswerAsync(request, cancel);
        await using var body = await answer.Content.ReadAsStreamAsync(cancel);
        await foreach (var item in SseParser.Create(body, (type, data) => Parse(type, data)).EnumerateAsync(cancel))
        {
            if (item.Data is { } parsed)
                yield return parsed;
        }
    }

    private static LogItem? Parse(string type, ReadOnlySpan<byte> data) => type switch
    {
        "end" => new(null, JsonSerializer.Deserialize(data, DroverJson.Api.LogEndResponse)),
        "log" or "message" => new(JsonSerializer.Deserialize(data, DroverJson.Api.LogEntry), null),
        _ => null,
    };

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException unreachable)
        {
            throw new UnreachableException($"Cannot reach Drover at {_url.GetLeftPart(UriPartial.Authority)}: {Reason(unreachable)} Is it running (`drover up`)? Give its address with --url or DROVER_URL.");
        }

        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
            throw await ProblemAsync(answer, cancel);
    }

    private static string Reason(HttpRequestException unreachable) =>
        (unreachable.InnerException?.Message ?? unreachable.Message).TrimEnd('.') + ".";

    private static async Task<ApiException> ProblemAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        ProblemBody? problem = null;
        if (answer.Content.Headers.ContentType?.MediaType == "application/problem+json")
            problem = await answer.Content.ReadFromJsonAsync(DroverJson.Api.ProblemBody, cancel);
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
            problem = new ProblemBody { Title = "", Status = 401, Detail = "Drover refuses the token, or wants one: give it with --token or DROVER_TOKEN; the admin token stands in the data folder." };
        return new((int)answer.StatusCode, problem);
    }

    private static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)DroverJson.Api.GetTypeInfo(typeof(T))!;
}

/// <summary>A piece of a followed log, or its end; exactly one is set.</summary>
internal sealed record LogItem(LogEntry? Entry, LogEndResponse? End);
