using System.Net;
using System.Text;
using System.Text.Json;

namespace Drover.Tests.Server;

/// <summary>Calls with plain JSON, as a script would make them.</summary>
internal static class Http
{
    public static async Task<Answer> Send(
        this HttpClient client, string method, string path, string? body = null, string contentType = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new(method), path.StartsWith('/') ? path : "/api/v1/" + path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.Remove("Content-Type");
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request);
        return new(response.StatusCode, await response.Content.ReadAsByteArrayAsync(), response.Content.Headers.ContentType?.MediaType,
            response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));
    }

    public static Task<Answer> Get(this HttpClient client, string path, params (string Name, string Value)[] headers) =>
        client.Send("GET", path, headers: headers);

    public static Task<Answer> Post(this HttpClient client, string path, string? body = null, params (string Name, string Value)[] headers) =>
        client.Send("POST", path, body, headers: headers);

    public static Task<Answer> Delete(this HttpClient client, string path) => client.Send("DELETE", path);
}

/// <summary>What came back.</summary>
internal sealed record Answer(HttpStatusCode Status, byte[] Bytes, string? MediaType, IReadOnlyDictionary<string, string> Headers)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => Bytes.Length > 0 ? JsonElement.Parse(Bytes) : throw new InvalidOperationException($"{Status} without a body");

    /// <summary>A member, or a member of a member: <c>counts.queued</c>.</summary>
    public JsonElement this[string path] => path.Split('.').Aggregate(Json, (at, name) =>
        at.TryGetProperty(name, out var value) ? value : throw new KeyNotFoundException($"There is no {path} in {Text}"));

    public string String(string path) => this[path].GetString()!;

    public bool Has(string name) => Json.TryGetProperty(name, out _);

    /// <summary>The reasons for a field.</summary>
    public string Error(string field) => Json.TryGetProperty("errors", out var errors) && errors.TryGetProperty(field, out var reasons)
        ? string.Join(" ", reasons.EnumerateArray().Select(r => r.GetString()))
        : throw new KeyNotFoundException($"There is no error of {field} in {Text}");

    public Answer Is(HttpStatusCode status)
    {
        Assert.True(Status == status, $"{Status} in place of {status}: {Text}");
        if ((int)status >= 400)
        {
            Assert.Equal("application/problem+json", MediaType);
            Assert.Equal((int)status, this["status"].GetInt32());
            Assert.False(string.IsNullOrEmpty(String("title")));
        }

        return this;
    }

    public Answer Is(int status) => Is((HttpStatusCode)status);
}
