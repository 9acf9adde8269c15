using System.Reflection;
using System.Text.Json;
using Drover.Server.Contracts;
using Drover.Server.Json;
using Microsoft.AspNetCore.Http.Metadata;

namespace Drover.Server.Problems;

/// <summary>An answer that says what went wrong; the derived types put the status into an endpoint's signature and so into the OpenAPI document.</summary>
internal abstract class ProblemResult(ProblemBody body) : IResult, IStatusCodeHttpResult
{
    public int? StatusCode => body.Status;

    public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, body);

    /// <summary>Writes a problem, unless an answer has begun already: then the connection is cut so that nobody takes it for whole.</summary>
    public static async Task WriteAsync(HttpContext context, ProblemBody body)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = body.Status;
        context.Response.ContentType = "application/problem+json";
        context.Response.Headers.CacheControl = "no-store";
        if (body.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable
            && context.Response.Headers.RetryAfter.Count == 0)
            context.Response.Headers.RetryAfter = "5";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await JsonSerializer.SerializeAsync(context.Response.BodyWriter, body, DroverJson.Api.ProblemBody, context.RequestAborted);
    }

    protected static void Describe(EndpointBuilder builder, int status) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(status, typeof(ProblemBody), ["application/problem+json"]));
}

/// <summary>404: there is no such thing.</summary>
internal sealed class NotFoundProblem(string detail)
    : ProblemResult(new() { Title = "Not found", Status = StatusCodes.Status404NotFound, Detail = detail }), IEndpointMetadataProvider
{
    public static NotFoundProblem Job(Guid id) => new($"There is no job {id}.");

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, StatusCodes.Status404NotFound);
}

/// <summary>409: its state does not allow it.</summary>
internal sealed class ConflictProblem(string detail)
    : ProblemResult(new() { Title = "Conflict", Status = StatusCodes.Status409Conflict, Detail = detail }), IEndpointMetadataProvider
{
    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, StatusCodes.Status409Conflict);
}

/// <summary>401: who are you?</summary>
internal sealed class UnauthorizedProblem(string detail)
    : ProblemResult(new() { Title = "Unauthorized", Status = StatusCodes.Status401Unauthorized, Detail = detail }), IEndpointMetadataProvider
{
    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, StatusCodes.Status401Unauthorized);
}

/// <summary>413: too much.</summary>
internal sealed class TooLargeProblem(string detail)
    : ProblemResult(new() { Title = "Too large", Status = StatusCodes.Status413PayloadTooLarge, Detail = detail }), IEndpointMetadataProvider
{
    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, StatusCodes.Status413PayloadTooLarge);
}
