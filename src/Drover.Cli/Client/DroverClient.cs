using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Drover.Server.Contracts;
using Drover.Server.Json;

namespace Drover.Cli.Client;

/// <summary>The REST API of a Drover.</summary>
internal sealed class DroverClient : IDisposable
{
    /// <summary>How long a call that was cut off is tried again: as long as a Drover takes to be started anew.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // A newer Drover may say more than this program knows.
    private static readonly JsonSerializerOptions Answers = new(DroverJson.Api.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    private readonly HttpClient _http;

    public DroverClient(ClientTarget target)
    {
        Url = target.Url;
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = TimeSpan.FromSeconds(10),
            AllowAutoRedirect = false,
            UseProxy = !target.Url.IsLoopback,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(target.Url, "/api/v1/"), Timeout = Timeout.InfiniteTimeSpan };
        if (target.Token is { } token)
        {
            if (!token.All(c => c is > ' ' and < '\x7F'))
                throw new UsageException("The token holds characters that no token has.");
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        _http.DefaultRequestHeaders.UserAgent.ParseAdd("drover-cli/" + Version.Text);
    }

    /// <summary>Where it is.</summary>
    public Uri Url { get; }

    public Task<T> GetAsync<T>(string path, CancellationToken cancel) => SendAsync<T>(new(HttpMethod.Get, path), cancel);

    public Task<T> PostAsync<T>(string path, CancellationToken cancel) => SendAsync<T>(new(HttpMethod.Post, path), cancel);

    public Task<T> SendAsync<TBody, T>(HttpMethod method, string path, TBody body, CancellationToken cancel) =>
        SendAsync<T>(new(method, path) { Content = Content(body) }, cancel);

    /// <summary>
    /// Creates something at most once: when the connection breaks before the answer comes, the call is sent again with
    /// the same <c>Idempotency-Key</c>.
    /// </summary>
    public Task<T> CreateAsync<TBody, T>(string path, TBody body, CancellationToken cancel) => CreateAsync<T>(path, () => Content(body), cancel);

    /// <inheritdoc cref="CreateAsync{TBody,T}"/>
    public async Task<T> CreateAsync<T>(string path, Func<HttpContent?> content, CancellationToken cancel)
    {
        string key = Guid.NewGuid().ToString();
        long began = TimeProvider.System.GetTimestamp();
        for (bool wasSent = false; ;)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content() };
            request.Headers.Add("Idempotency-Key", key);
            try
            {
                return await SendAsync<T>(request, cancel);
            }
            catch (UnreachableException broken) when ((wasSent |= broken.WasSent) && TimeProvider.System.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System, cancel);
            }
        }
    }

    /// <summary>A POST whose answer has no body.</summary>
    public async Task PostAsync(string path, CancellationToken cancel)
    {
        using var answer = await AnswerAsync(new(HttpMethod.Post, path), cancel);
    }

    public async Task DeleteAsync(string path, CancellationToken cancel)
    {
        using var answer = await AnswerAsync(new(HttpMethod.Delete, path), cancel);
    }

    /// <summary>Opens a stream of server-sent events; the caller disposes the answer.</summary>
    public Task<HttpResponseMessage> OpenEventsAsync(string path, CancellationToken cancel)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        return AnswerAsync(request, cancel);
    }

    /// <summary>Says that it cannot be reached.</summary>
    public UnreachableException Unreachable(Exception why, bool wasSent) => new(
        $"Cannot reach Drover at {Url.GetLeftPart(UriPartial.Authority)}: {(why.InnerException?.Message ?? why.Message).TrimEnd('.')}. "
        + "Is it running (`drover up`)? Another address is given with --url or DROVER_URL.", wasSent);

    public static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)Answers.GetTypeInfo(typeof(T));

    public void Dispose() => _http.Dispose();

    private static JsonContent Content<T>(T body) => JsonContent.Create(body, TypeInfo<T>());

    private async Task<T> SendAsync<T>(HttpRequestMessage request, CancellationToken cancel)
    {
        using var answer = await AnswerAsync(request, cancel);
        try
        {
            return await answer.Content.ReadFromJsonAsync(TypeInfo<T>(), cancel) ?? throw NotDrover(answer);
        }
        catch (Exception other) when (other is JsonException or NotSupportedException)
        {
            throw NotDrover(answer);
        }
        catch (Exception cut) when (cut is IOException or HttpRequestException)
        {
            throw Unreachable(cut, wasSent: true);
        }
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException away)
        {
            throw Unreachable(away, away.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError));
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw Unreachable(new TimeoutException("It does not answer."), wasSent: late.InnerException is not TimeoutException);
        }

        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
            throw await ProblemAsync(answer, cancel);
    }

    private async Task<ApiException> ProblemAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        if ((int)answer.StatusCode == 401)
            return new(401, "Drover refuses the token, or wants one: give it with --token or DROVER_TOKEN. The admin token stands in the data folder, in the file admin-token.");
        if (answer.Content.Headers.ContentType?.MediaType != "application/problem+json")
            return NotDrover(answer);
        try
        {
            return new((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync(TypeInfo<ProblemBody>(), cancel));
        }
        catch (Exception unreadable) when (unreadable is JsonException or IOException or HttpRequestException)
        {
            return new((int)answer.StatusCode, (ProblemBody?)null);
        }
    }

    private ApiException NotDrover(HttpResponseMessage answer) => new((int)answer.StatusCode,
        $"What answers at {Url.GetLeftPart(UriPartial.Authority)} is not Drover (HTTP status {(int)answer.StatusCode}). Is the address right?");
}
